namespace Actors.Verification.Policy;

/// <summary>How the gate's policy is.</summary>
/// <param name="Revision">Of the policy that decides.</param>
/// <param name="LoadedAt">UTC.</param>
/// <param name="Rules">Number of registry rules.</param>
/// <param name="Profiles">Number of profiles.</param>
/// <param name="Alarms">What an operator must look at; empty when all is well.</param>
public sealed record PolicyStatus(string Revision, DateTimeOffset LoadedAt, int Rules, int Profiles, IReadOnlyList<PolicyAlarm> Alarms);

/// <summary>Something that does not stop decisions but must not stay.</summary>
/// <param name="Code"><c>policy_reload_failed</c> or <c>trust_root_old</c>.</param>
/// <param name="Message">Names the thing and the fix.</param>
/// <param name="Since">UTC.</param>
public sealed record PolicyAlarm(string Code, string Message, DateTimeOffset Since);
