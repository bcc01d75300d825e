using System.Text.Json;
using Actors.Cli.Trace;
using Actors.Grains.Interfaces;
using Actors.RunnerApi.Contracts;
using Actors.Verification.Oci;
using Actors.Verification.Policy;
using Microsoft.Extensions.Logging.Abstractions;

namespace Actors.Cli.Commands;

/// <summary>What <c>actors policy check</c> was asked.</summary>
internal sealed record PolicyCheckRequest(string Image, string PolicyFile, string Profile, string? Layout, string? Platform, string AuthFile, int Seconds, bool Json);

/// <summary>Decides one image through the very gate that the runner uses.</summary>
internal static class PolicyCheck
{
    private const int MostSeconds = 600;

    /// <summary>Prints the decision; the exit code says how it ended.</summary>
    public static async Task<int> RunAsync(PolicyCheckRequest request, CancellationToken cancellationToken)
    {
        if (OptionsOf(request) is not { } options)
        {
            return PolicyExitCodes.Usage;
        }

        try
        {
            var layout = request.Layout is { } directory ? OciLayout.Open(directory) : null;
            using var gate = PolicyGate.Open(options, TimeProvider.System, NullLogger.Instance, layout);
            foreach (var alarm in gate.Status.Alarms)
            {
                await Console.Error.WriteLineAsync(Terminal.Safe($"actors: {alarm.Code}: {alarm.Message}"));
            }

            var result = await gate.DecideAsync(Pin(request.Image, layout), request.Profile, cancellationToken);
            Print(result.Decision, request.Json);
            return ExitCodeOf(result.Decision);
        }
        catch (PolicyException e)
        {
            PolicyCommand.PrintFaults(e.Faults);
            return PolicyExitCodes.Refused;
        }
        catch (RegistryException e)
        {
            await Console.Error.WriteLineAsync(Terminal.Safe($"actors: {e.Message}"));
            return PolicyExitCodes.Usage;
        }
    }

    private static PolicyOptions? OptionsOf(PolicyCheckRequest request)
    {
        var platform = OciPlatform.Host;
        var fault = request.Seconds is < 1 or > MostSeconds ? $"--timeout: 1 to {MostSeconds} seconds."
            : request.Platform is { } text && !OciPlatform.TryParse(text, out platform) ? $"--platform: '{text}' is no os/architecture such as linux/amd64."
            : request.AuthFile.Length > 0 && !File.Exists(request.AuthFile) ? $"--auth-file: '{request.AuthFile}' does not exist."
            : request.PolicyFile.Length == 0 ? "--policy: name a file."
            : null;
        if (fault is not null)
        {
            Console.Error.WriteLine(Terminal.Safe($"actors: {fault}"));
            return null;
        }

        return new PolicyOptions
        {
            PolicyFile = request.PolicyFile,
            Deadline = TimeSpan.FromSeconds(request.Seconds),
            Platform = platform!,
            PlatformByNodes = request.Platform is null,
            RegistryAuthFile = request.AuthFile,
        };
    }

    // A layout often holds its one image without the tag by which it is known elsewhere.
    private static string Pin(string image, OciLayout? layout) =>
        layout?.OnlyImage is { } only && ImageReference.TryParse(image, out var reference, out _) && reference.Digest is null ? $"{reference.Name}@{only}" : image;

    private static void Print(Decision decision, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(decision, ActorsJson.Options));
            return;
        }

        foreach (var line in TraceWords.Decision(decision.Profile, JsonSerializer.SerializeToElement(decision, ActorsJson.Options)))
        {
            Console.WriteLine(line);
        }
    }

    private static int ExitCodeOf(Decision decision) => decision.Code switch
    {
        null => ExitCodes.Ok,
        RefusalCodes.RegistryUnavailable or RefusalCodes.RegistryUnauthorized => PolicyExitCodes.Unreachable,
        RefusalCodes.InvalidReference => PolicyExitCodes.Usage,
        _ => PolicyExitCodes.Refused,
    };
}
