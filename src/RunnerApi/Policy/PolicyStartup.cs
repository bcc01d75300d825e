using Actors.Verification.Policy;

namespace Actors.RunnerApi.Policy;

/// <summary>Loads the policy before anything else starts, so that a host with a bad one does not come up.</summary>
internal sealed partial class PolicyStartup(IServiceProvider services, PolicyOptions options, ILogger<PolicyStartup> logger) : IHostedLifecycleService
{
    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        var policy = services.GetRequiredService<PolicyDocument>();
        LogLoaded(logger, options.PolicyFile, policy.Revision, policy.Rules.Count, policy.Profiles.Count);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
