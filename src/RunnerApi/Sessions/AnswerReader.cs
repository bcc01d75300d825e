using System.Text.Json;
using Actors.RunnerApi.Contracts;

namespace Actors.RunnerApi.Sessions;

/// <summary>Turns untrusted answers and notifications into contract values: bounded, scrubbed, valid as JSON for any strict reader.</summary>
internal sealed class AnswerReader(SecretScrubber scrubber)
{
    /// <summary>The result or the error of an answer; false when a string in it is no valid text.</summary>
    public bool TryRead(JsonElement answer, out JsonElement? result, out CallError? error)
    {
        result = null;
        error = null;
        try
        {
            if (answer.TryGetProperty("error", out var fault))
            {
                error = ReadError(fault);
                return true;
            }

            // Written and read again, because a lone surrogate only shows when a string is unescaped.
            var scrubbed = scrubber.Scrub(answer.GetProperty("result"));
            result = JsonSerializer.SerializeToElement(scrubbed, ContractJson.Options);
            return true;
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or JsonException)
        {
            return false;
        }
    }

    /// <summary>The progress that a notification reports, and on which call; null when it is none or not valid.</summary>
    public (string CallId, CallProgress Progress)? ReadProgress(JsonElement notification)
    {
        if (!notification.TryGetProperty("method", out var method) || !method.ValueEquals("notifications/progress"u8)
            || !notification.TryGetProperty("params", out var given) || given.ValueKind != JsonValueKind.Object
            || !given.TryGetProperty("progressToken", out var token) || token.ValueKind != JsonValueKind.String
            || Number(given, "progress") is not { } progress)
        {
            return null;
        }

        try
        {
            var text = given.TryGetProperty("message", out var message) && message.ValueKind == JsonValueKind.String ? message.GetString() : null;
            return (token.GetString()!, new CallProgress(progress, Number(given, "total"), text is null ? null : Shown(text, TextLimits.ProgressMessage)));
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private CallError ReadError(JsonElement fault) =>
        new(CallErrorCodes.JsonRpcError, Shown(fault.GetProperty("message").GetString()!, TextLimits.ErrorMessage), fault.GetProperty("code").GetInt32());

    private string Shown(string text, int max) => TextLimits.Cut(scrubber.Scrub(text), max);

    private static double? Number(JsonElement value, string name) =>
        value.TryGetProperty(name, out var number) && number.ValueKind == JsonValueKind.Number && number.TryGetDouble(out var result) && double.IsFinite(result)
            ? result
            : null;
}
