using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sessions;

namespace Actors.RunnerApi.Endpoints;

/// <summary>Reads and writes bodies and query values; everything is bounded.</summary>
internal static class Wire
{
    /// <summary>Cap of a call's body.</summary>
    public const int CallBody = 1024 * 1024;

    /// <summary>Cap of any other body.</summary>
    public const int OtherBody = 256 * 1024;

    /// <summary>What the server reads and drops of a body over its cap, so that the caller gets the 413 and not a broken connection.</summary>
    public const int DrainedBody = 4 * CallBody;

    private const int LongestWait = 60;

    /// <summary>Reads a body of at most <paramref name="cap"/> bytes.</summary>
    public static async Task<T> ReadAsync<T>(HttpContext context, int cap)
        where T : class
    {
        if (context.Request.ContentLength > cap)
        {
            throw RunnerProblem.TooLarge(cap);
        }

        var buffer = new byte[Math.Min(context.Request.ContentLength ?? cap, cap) + 1];
        var length = await context.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
        if (length > cap)
        {
            throw RunnerProblem.TooLarge(cap);
        }

        var bytes = buffer.AsSpan(0, length);
        if (!Utf8.IsValid(bytes))
        {
            throw RunnerProblem.BadRequest("The body is no valid UTF-8.");
        }

        try
        {
            return JsonSerializer.Deserialize<T>(bytes, ContractJson.Options) ?? throw RunnerProblem.BadRequest("The body is null.");
        }
        catch (JsonException e)
        {
            throw RunnerProblem.BadRequest($"The body is no valid {typeof(T).Name} (line {e.LineNumber}, byte {e.BytePositionInLine}): malformed JSON, a missing or repeated property, or a wrong type.");
        }
    }

    /// <summary>Writes a contract value.</summary>
    public static Task WriteAsync<T>(HttpContext context, int status, T value)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(value, ContractJson.Options), context.RequestAborted).AsTask();
    }

    /// <summary>The query value <c>wait</c>: 0 to 60 seconds.</summary>
    public static TimeSpan WaitOf(HttpContext context)
    {
        var text = context.Request.Query["wait"].ToString();
        return text.Length == 0
            ? TimeSpan.Zero
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= LongestWait
                ? TimeSpan.FromSeconds(seconds)
                : throw RunnerProblem.BadRequest($"wait: 0 to {LongestWait} seconds.");
    }

    /// <summary>The query value <c>fence</c>; null when absent.</summary>
    public static long? FenceOf(HttpContext context)
    {
        var text = context.Request.Query["fence"].ToString();
        return text.Length == 0 ? null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var fence) ? fence
            : throw RunnerProblem.BadRequest("fence: a whole number, 0 or more.");
    }

    /// <summary>The query value <c>phase</c>; null when absent.</summary>
    public static SandboxPhase? PhaseOf(HttpContext context)
    {
        var text = context.Request.Query["phase"].ToString();
        return text.Length == 0 ? null
            : char.IsAsciiLetter(text[0]) && Enum.TryParse<SandboxPhase>(text, ignoreCase: true, out var phase) ? phase
            : throw RunnerProblem.BadRequest("phase: starting, ready, exited, failed or stopped.");
    }

    /// <summary>The query value <c>progress</c>; null when absent.</summary>
    public static double? ProgressOf(HttpContext context)
    {
        var text = context.Request.Query["progress"].ToString();
        return text.Length == 0 ? null
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var progress) ? progress
            : throw RunnerProblem.BadRequest("progress: the last progress seen, a number.");
    }

    /// <summary>A path segment.</summary>
    public static string Segment(HttpContext context, string name) => context.Request.RouteValues[name] as string ?? "";
}
