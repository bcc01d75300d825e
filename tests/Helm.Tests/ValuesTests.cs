namespace Actors.Helm.Tests;

public sealed class ValuesTests
{
    [Theory]
    [InlineData("junk=1", "junk")]
    [InlineData("silo.replcas=2", "replcas")]
    [InlineData("silo.replicas=many", "replicas")]
    [InlineData("silo.port=80", "port")]
    [InlineData("image.siloDigest=sha256:abc", "siloDigest")]
    [InlineData("image.pullPolicy=Sometimes", "pullPolicy")]
    [InlineData("runs.podSecurity=privileged", "podSecurity")]
    [InlineData("runs.maxPods=0", "maxPods")]
    [InlineData("silo.database.postgresql.connection=Host=db;Password=x", "connection")]
    [InlineData("workflows.readme=x", "readme")]
    [InlineData("policyFiles.a__b=x", "a__b")]
    [InlineData("isolation.probeImage=registry.example/probe:1", "probeImage")]
    [InlineData("policy=", "policy")]
    public void Schema_Junk_IsRefusedByName(string value, string named) => Assert.Contains(named, Chart.Refusal([.. Chart.Least, value]), StringComparison.Ordinal);

    [Fact]
    public void Render_WithoutImages_SaysWhatIsMissing() =>
        Assert.Contains("image.repository is required", Chart.Refusal(["silo.access.tokensSecret.name=callers"]), StringComparison.Ordinal);

    [Fact]
    public void Render_WithoutAccess_IsRefused() =>
        Assert.Contains("silo.access.tokensSecret.name or silo.access.oauth.issuer is required", Chart.Refusal(["image.repository=registry.example/actors"]), StringComparison.Ordinal);

    [Theory]
    [InlineData("silo.replicas=2")]
    [InlineData("silo.autoscaling.enabled=true")]
    public void Render_SeveralSilosOnSqlite_IsRefused(string value) => Assert.Contains("postgresql", Chart.Refusal([.. Chart.Least, value]), StringComparison.Ordinal);

    [Fact]
    public void Render_RunsInTheReleasesNamespace_IsRefused() =>
        Assert.Contains("must not be the release's own", Chart.Refusal([.. Chart.Least, "runs.namespace=prod"]), StringComparison.Ordinal);

    [Fact]
    public void Policy_IsClosedUnlessSet()
    {
        var policy = Chart.Render(Chart.Least).Single(m => m.Name == "actors-policy");
        Assert.Equal("version: 1\n", policy.Text("data", "policy.yaml"));
    }

    [Fact]
    public void PolicyFiles_LieBesideThePolicyByPath()
    {
        var all = Chart.Render([.. Chart.Least, "policyFiles.keys/demo\\.pub=PEM"]);
        Assert.Equal("PEM", all.Single(m => m.Name == "actors-policy").Text("data", "keys__demo.pub"));
        Assert.Contains("keys/demo.pub", Manifest.Scalars(all.Single(m => m.Name == "actors-runner" && m.IsWorkload).PodSpec));
    }

    [Fact]
    public void RunnerToken_Existing_IsNotGenerated()
    {
        var all = Chart.Render([.. Chart.Least, "runner.tokenSecret.name=mine", "silo.sessionKeySecret.name=key"]);
        Assert.DoesNotContain(all, m => m.Kind == "Secret");
        Assert.All(all.Where(m => m.IsWorkload), m => Assert.Contains("mine", Manifest.Scalars(m.PodSpec)));
    }

    [Fact]
    public void RunnerToken_Generated_IsLong()
    {
        var token = Chart.Render(Chart.Least).Single(m => m.Name == "actors-runner-token").Text("data", "token")!;
        Assert.Equal(64, Convert.FromBase64String(token).Length);
    }

    [Fact]
    public void Lint_IsClean()
    {
        var (code, output, error) = Chart.Run(["lint", "--strict", Chart.Location, "--set", "image.repository=registry.example/actors,silo.access.tokensSecret.name=callers"]);
        Assert.True(code == 0, output + error);
    }
}
