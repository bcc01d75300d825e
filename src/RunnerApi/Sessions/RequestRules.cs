using System.Text.Json;
using System.Text.RegularExpressions;
using Actors.RunnerApi.Contracts;

namespace Actors.RunnerApi.Sessions;

/// <summary>Shapes and sizes of what callers send; every fault is a 400 that names the field.</summary>
internal static partial class RequestRules
{
    private const int MaxArgs = 64;
    private const int MaxEnv = 64;
    private const int MaxSecrets = 32;
    private const int MaxValueChars = 32 * 1024;
    private const int MaxReferenceChars = 512;

    /// <summary>Checks the id of a sandbox.</summary>
    public static string SandboxId(string? id) =>
        id is not null && SandboxIdPattern().IsMatch(id) ? id : throw RunnerProblem.BadRequest("A sandbox id has 1 to 128 characters of a-z 0-9 - and starts with a letter or digit.");

    /// <summary>Checks the id of a call.</summary>
    public static string CallId(string sandboxId, string? callId) =>
        callId is not null && CallIdPattern().IsMatch(callId) && callId != Handshake.IdOf(sandboxId)
            ? callId
            : throw RunnerProblem.BadRequest("A call id has 1 to 200 characters of A-Z a-z 0-9 . _ - , starts with a letter or digit, and is not the handshake's.");

    /// <summary>Checks the body of <c>POST /decisions</c>.</summary>
    public static void Check(DecisionRequest request)
    {
        Require(IsText(request.Image, MaxReferenceChars), "image: 1 to 512 characters.");
        Require(IsText(request.Profile, 128), "profile: 1 to 128 characters.");
    }

    /// <summary>Checks the body of <c>POST /runs</c>.</summary>
    public static void Check(LaunchRequest request)
    {
        SandboxId(request.Id);
        Check(new DecisionRequest(request.Image, request.Profile));
        Require(request.Fence >= 0, "fence: 0 or more.");
        Require(request.Args is { Count: <= MaxArgs } && request.Args.All(IsValue), $"args: at most {MaxArgs} of at most {MaxValueChars} characters, without NUL.");
        Require(request.Env is { Count: <= MaxEnv } && request.Env.All(e => EnvPattern().IsMatch(e.Key) && IsValue(e.Value)), $"env: at most {MaxEnv} variables of at most {MaxValueChars} characters, without NUL.");
        Require(request.Secrets is { Count: <= MaxSecrets } && request.Secrets.All(e => EnvPattern().IsMatch(e.Key)), $"secrets: at most {MaxSecrets} variables.");
        Require(request.Secrets.Values.All(v => v is not null && SecretStore.IsName(v)), "secrets: a name has 1 to 128 characters of A-Z a-z 0-9 . _ - and starts with a letter or digit.");
        Require(!request.Secrets.Keys.Any(request.Env.ContainsKey), "secrets: a variable is in env too.");
        Require(request.Limits is { CpuMillis: null or > 0, MemoryBytes: null or > 0, Pids: null or > 0, LifetimeSeconds: null or > 0 }, "limits: more than 0.");
    }

    /// <summary>Checks the body of <c>PUT /runs/{id}/calls/{callId}</c>.</summary>
    public static void Check(CallRequest request)
    {
        Require(request.Method is not null && MethodPattern().IsMatch(request.Method), "method: a JSON-RPC method such as tools/call, at most 128 characters.");
        Require(request.Method != "initialize" && !request.Method!.StartsWith("notifications/", StringComparison.Ordinal), "method: the runner does the handshake; notifications have no answer.");
        Require(request.Params is null or { ValueKind: JsonValueKind.Object }, "params: an object.");
        Require(request.TimeoutSeconds is >= 1 and <= 3600, "timeoutSeconds: 1 to 3600.");
        Require(request.Fence >= 0, "fence: 0 or more.");
    }

    private static bool IsText(string? text, int max) => text is { Length: > 0 } && text.Length <= max;

    private static bool IsValue(string? text) => text is { Length: <= MaxValueChars } && !text.Contains('\0', StringComparison.Ordinal);

    private static void Require(bool holds, string detail)
    {
        if (!holds)
        {
            throw RunnerProblem.BadRequest(detail);
        }
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,127}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex SandboxIdPattern();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,199}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex CallIdPattern();

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]{0,127}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex EnvPattern();

    [GeneratedRegex(@"\A[a-z][A-Za-z0-9_/.-]{0,127}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex MethodPattern();
}
