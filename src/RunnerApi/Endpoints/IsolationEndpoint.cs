using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Isolation;

namespace Actors.RunnerApi.Endpoints;

/// <summary><c>GET /isolation</c>: what was proven; with <c>renew=true</c> it is proven anew first.</summary>
internal sealed class IsolationEndpoint(IsolationProofs proofs, string driver)
{
    /// <summary>Adds the route.</summary>
    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/isolation", GetAsync);

    private async Task GetAsync(HttpContext context)
    {
        if (proofs.CanProve)
        {
            await proofs.ProveAllAsync(context.Request.Query["renew"] == "true", context.RequestAborted);
        }

        await Wire.WriteAsync(context, 200, new IsolationReport { Driver = driver, Enforced = proofs.IsEnforced, Proofs = proofs.Known });
    }
}
