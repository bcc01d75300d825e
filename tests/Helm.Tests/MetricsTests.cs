using static Actors.Helm.Tests.Manifest;

namespace Actors.Helm.Tests;

public sealed class MetricsTests
{
    private static readonly string[] s_on = [.. Chart.Least, "metrics.enabled=true", "metrics.from[0].namespaceSelector.matchLabels.team=monitoring"];

    [Fact]
    public void Metrics_UnlessOn_AreNowhere() =>
        Assert.DoesNotContain(Chart.Render(Chart.Least), m => m.Kind == "ServiceMonitor" || m.Name.EndsWith("-metrics", StringComparison.Ordinal) || (m.IsWorkload && m.Env.Keys.Any(k => k.EndsWith("METRICSURL", StringComparison.Ordinal))));

    [Theory]
    [InlineData("silo", "ACTORS__SILO__METRICSURL")]
    [InlineData("runner", "ACTORS__RUNNER__METRICSURL")]
    public void Metrics_On_AreServedOnAPortOfTheirOwnToThoseThatAreNamed(string component, string variable)
    {
        var all = Chart.Render(s_on);

        var pod = all.Single(m => m.IsWorkload && m.Name == "actors-" + component);
        Assert.Equal("http://0.0.0.0:9464", pod.Env[variable]);
        Assert.Equal(["http", "metrics"], Items(At(pod.Container, "ports")).Select(p => Text(p, "name")));
        Assert.Equal(["http"], Items(all.Single(m => m.Kind == "Service" && m.Name == "actors-" + component).At("spec", "ports")).Select(p => Text(p, "name")));
        var rule = Assert.Single(Items(all.Single(m => m.Kind == "NetworkPolicy" && m.Name == "actors-" + component).At("spec", "ingress")), r => Items(At(r, "ports")).Any(p => Text(p, "port") == "9464"));
        Assert.Single(Items(At(rule, "ports")));
        Assert.Equal("monitoring", Text(Assert.Single(Items(At(rule, "from"))), "namespaceSelector", "matchLabels", "team"));
        var service = all.Single(m => m.Kind == "Service" && m.Name == $"actors-{component}-metrics");
        Assert.Equal(("ClusterIP", "true"), (service.Text("spec", "type"), service.Text("metadata", "labels", "actors.dev/metrics")));
    }

    [Fact]
    public void ServiceMonitor_SelectsTheMetricsServices()
    {
        var monitor = Chart.Render([.. s_on, "metrics.serviceMonitor.enabled=true", "metrics.serviceMonitor.labels.release=prometheus"]).Single(m => m.Kind == "ServiceMonitor");

        Assert.Equal("prometheus", monitor.Text("metadata", "labels", "release"));
        Assert.Equal(("actors", "true"), (monitor.Text("spec", "selector", "matchLabels", "app.kubernetes.io/instance"), monitor.Text("spec", "selector", "matchLabels", "actors.dev/metrics")));
        Assert.Equal(["metrics", "/metrics", "30s"], Scalars(Assert.Single(Items(monitor.At("spec", "endpoints")))).Where(s => s is not ("port" or "path" or "interval")));
    }

    [Theory]
    [InlineData("metrics.from is required", "metrics.enabled=true")]
    [InlineData("needs metrics.enabled", "metrics.serviceMonitor.enabled=true")]
    [InlineData("needs a pod network", "metrics.enabled=true", "hostNetwork=true")]
    public void Render_HalfOfIt_IsRefused(string reason, params string[] values) => Assert.Contains(reason, Chart.Refusal([.. Chart.Least, .. values]), StringComparison.Ordinal);
}
