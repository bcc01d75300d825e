using System.Runtime.InteropServices;
using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;

namespace Actors.Grains.Store;

/// <summary>A large value, kept beside the run's row. <see cref="Body"/> null: there is none any more.</summary>
internal readonly record struct StoredValue(string Name, string? Body);

/// <summary>A state as its row holds it, and the values to write beside.</summary>
internal readonly record struct EncodedState(string Json, IReadOnlyList<StoredValue> Values);

/// <summary>Keeps the run's row narrow: params and results above <see cref="LargestInline"/> bytes are stored once in rows of their own, and only claims read them.</summary>
internal static class StateCodec
{
    /// <summary>Bytes of JSON that stay in the state.</summary>
    public const int LargestInline = 512;

    private const string Params = "params";

    /// <summary>What to write when <paramref name="before"/> (null: nothing) is stored.</summary>
    public static EncodedState Encode(RunState state, RunState? before)
    {
        if (state.Status == RunStatus.Done)
        {
            return new EncodedState(Write(Bare(state)), []);
        }

        List<StoredValue>? values = null;
        var inline = state;
        if (Move(Params, state.Params, before?.Params, ref values))
        {
            inline = inline with { Params = null };
        }

        for (var i = 0; i < state.Steps.Length; i++)
        {
            var step = state.Steps[i];
            if (Move(Name(step), step.Result, before?.Steps[i].Result, ref values))
            {
                inline = inline with { Steps = inline.Steps.SetItem(i, step with { Result = null }) };
            }
        }

        return new EncodedState(Write(inline), values ?? (IReadOnlyList<StoredValue>)[]);
    }

    /// <summary>The state with the values that its row left out.</summary>
    public static RunState Decode(string json, IEnumerable<StoredValue> values)
    {
        var state = JsonSerializer.Deserialize<RunState>(json, ActorsJson.Options)!;
        foreach (var (name, body) in values)
        {
            if (body is null)
            {
                continue;
            }

            var value = JsonElement.Parse(body);
            state = name == Params ? state with { Params = value } : state with { Steps = [.. state.Steps.Select(s => Name(s) == name ? s with { Result = value } : s)] };
        }

        return state;
    }

    /// <summary>The state without params and results.</summary>
    public static RunState Bare(RunState state) => state with
    {
        Params = null,
        Steps = state.Steps.Any(s => s.Result is not null) ? [.. state.Steps.Select(s => s with { Result = null })] : state.Steps,
    };

    /// <summary>The state without params and results, from its row.</summary>
    public static RunState DecodeBare(string json) => Bare(JsonSerializer.Deserialize<RunState>(json, ActorsJson.Options)!);

    // True when the value does not stay in the state.
    private static bool Move(string name, JsonElement? value, JsonElement? before, ref List<StoredValue>? values)
    {
        var large = IsLarge(value);
        if (large && !Same(value!.Value, before))
        {
            (values ??= []).Add(new StoredValue(name, value.Value.GetRawText()));
        }
        else if (!large && IsLarge(before))
        {
            (values ??= []).Add(new StoredValue(name, null));
        }

        return large;
    }

    private static string Name(StepState step) => "step/" + step.Id;

    private static bool IsLarge(JsonElement? value) => value is { } v && JsonMarshal.GetRawUtf8Value(v).Length > LargestInline;

    private static bool Same(JsonElement value, JsonElement? before) => before is { } b && JsonMarshal.GetRawUtf8Value(value).SequenceEqual(JsonMarshal.GetRawUtf8Value(b));

    private static string Write(RunState state) => JsonSerializer.Serialize(state, ActorsJson.Options);
}
