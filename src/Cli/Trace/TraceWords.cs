using System.Globalization;
using System.Text.Json;
using Actors.Grains.Interfaces;

namespace Actors.Cli.Trace;

/// <summary>What a trace entry says, in a few lines of safe text.</summary>
internal static class TraceWords
{
    private const int MostValue = 500;

    public static IReadOnlyList<string> Of(TraceEntry entry)
    {
        var d = entry.Data;
        return entry.Kind switch
        {
            "submitted" => [$"{d.Text("workflow")} {d.Text("version")} by {d.Text("submitter")}", $"params {d.Json("params")}"],
            "verifying" => [.. Pairs(d.At("images")).Select(p => $"{p.Name}: {p.Value}")],
            "image_decided" => Decision(d.Text("server"), d.At("decision") ?? default),
            "sandbox_launched" =>
            [
                $"{d.Text("server")} under {d.Text("runtime")} as {d.Text("pod")}{(d.Text("isolation_proof") is { Length: > 0 } proof ? $", isolation {proof}" : "")}",
                $"image {d.Text("digest")}",
                $"MCP {d.Text("identity", "protocol_version")}, {d.Text("identity", "name")} {d.Text("identity", "version")}, {d.Json("tools")} tools",
            ],
            "call_started" => [$"{d.Text("step")} → {d.Text("server")}.{d.Text("tool")}{Attempt(d)}", $"in  {d.Json("arguments")}"],
            "call_answered" => [$"{d.Text("step")} ← {(d.At("is_error")?.ValueKind == JsonValueKind.True ? "error" : "ok")}{Duration(d)}", $"out {d.Json("result")}"],
            "call_failed" or "sandbox_failed" or "effect_failed" => [$"{d.Text("step") + d.Text("server") + d.Text("effect")}: {d.Text("error", "code")}", d.Text("error", "message")],
            "call_unknown" => [$"{d.Text("step")}: {d.Text("code")}{(d.At("repeated")?.ValueKind == JsonValueKind.True ? ", asked again" : "")}", d.Text("message")],
            "sandbox_stopped" or "sandbox_ended" => Stopped(d),
            "retry_scheduled" => [$"{d.Text("step")}: {d.Text("error", "code")}, again at {d.Text("at")} ({d.Json("retry")} of {d.Json("of")})", d.Text("error", "message")],
            "retry_due" => [$"{d.Text("step")} ({d.Json("retry")})"],
            "approval_requested" => [$"{d.Text("step")} until {d.Text("until")}", d.Text("message")],
            "approval_decided" => [$"{d.Text("step")} {(d.At("approved")?.ValueKind == JsonValueKind.True ? "approved" : "rejected")} by {d.Text("by")} {d.Text("note")}"],
            "signal_awaited" => [$"{d.Text("step")} ← {d.Text("signal")} until {d.Text("until")}"],
            "signal_received" => [$"{d.Text("step")} ← {d.Text("signal")} by {d.Text("by")}", $"payload {d.Json("payload")}"],
            "wait_timed_out" => [$"{d.Text("step")} at {d.Text("until")}"],
            "command_ignored" => [$"{d.Text("command")} {d.Text("name")} by {d.Text("by")}: {d.Text("reason")}"],
            "cancel_requested" => [$"by {d.Text("by")} {d.Text("reason")}"],
            "recovered" => [$"by a restarted silo (epoch {d.Json("epoch")})"],
            "done" => Done(d),
            _ => [Terminal.Brief(d.GetRawText(), MostValue)],
        };
    }

    /// <summary>A decision of the policy gate.</summary>
    public static IReadOnlyList<string> Decision(string server, JsonElement decision)
    {
        var admitted = decision.At("admitted")?.ValueKind == JsonValueKind.True;
        List<string> lines = [$"{server}: {(admitted ? "admitted" : "refused, " + decision.Text("code"))}  {decision.Text("image")}"];
        Add(lines, "digest", decision.Text("digest"));
        Add(lines, "rule", decision.Text("rule"));
        Add(lines, "reason", decision.Text("reason"));
        foreach (var evidence in Items(decision.At("evidence")))
        {
            var facts = string.Join(", ", Pairs(evidence.At("facts")).Select(p => $"{p.Name} {p.Value}"));
            lines.Add($"{(evidence.At("passed")?.ValueKind == JsonValueKind.True ? "✔" : "✘")} {evidence.Text("check")}: {Terminal.Brief(facts, MostValue)}");
        }

        return lines;
    }

    private static List<string> Stopped(JsonElement d)
    {
        List<string> lines = [$"{d.Text("server")} {d.Text("reason")}"];
        var stderr = d.Text("evidence", "stderr_tail");
        Add(lines, "stderr", stderr.Length > 0 ? Terminal.Brief(stderr.TrimEnd(), MostValue) : "");
        foreach (var c in Items(d.At("evidence", "egress", "connections")))
        {
            lines.Add($"{(c.Text("address").Length > 0 ? "✔" : "✘")} egress: {c.Text("host")} port {c.Text("port")}, {c.Text("verdict")}, {c.Json("bytes_up")} up, {c.Json("bytes_down")} down");
        }

        if (d.At("evidence", "egress", "not_listed") is { } more)
        {
            Add(lines, "egress not listed:", string.Join(", ", Pairs(more).Select(p => $"{p.Name} {p.Value}")));
        }

        return lines;
    }

    private static List<string> Done(JsonElement d)
    {
        List<string> lines = [$"{d.Text("outcome")} after {Milliseconds(d)}"];
        Add(lines, d.Text("error", "code"), d.Text("error", "message"));
        Add(lines, "output", d.At("output") is null ? "" : d.Json("output"));
        return lines;
    }

    private static void Add(List<string> lines, string name, string value)
    {
        if (value.Length > 0)
        {
            lines.Add($"{name} {value}");
        }
    }

    private static string Attempt(JsonElement d) => d.Json("attempt") is "1" ? "" : $" (attempt {d.Json("attempt")})";

    private static string Duration(JsonElement d) => d.At("duration_ms") is null ? "" : $" in {Milliseconds(d)}";

    private static string Milliseconds(JsonElement d) =>
        d.At("duration_ms") is { ValueKind: JsonValueKind.Number } n ? string.Create(CultureInfo.InvariantCulture, $"{n.GetDouble():0} ms") : "?";

    private static IEnumerable<(string Name, string Value)> Pairs(JsonElement? value) =>
        value is { ValueKind: JsonValueKind.Object } o ? o.EnumerateObject().Select(p => (Terminal.Safe(p.Name), Terminal.Brief(p.Value.ToString(), MostValue))) : [];

    private static IEnumerable<JsonElement> Items(JsonElement? value) => value is { ValueKind: JsonValueKind.Array } a ? a.EnumerateArray() : [];

    extension(JsonElement element)
    {
        /// <summary>The value at a path of names; null when there is none.</summary>
        public JsonElement? At(params ReadOnlySpan<string> path)
        {
            var current = element;
            foreach (var name in path)
            {
                if (current.ValueKind != JsonValueKind.Object || !current.TryGetProperty(name, out current))
                {
                    return null;
                }
            }

            return current;
        }

        /// <summary>Safe text of the value at a path; empty when there is none.</summary>
        public string Text(params ReadOnlySpan<string> path) => element.At(path) is { } value ? Terminal.Safe(value.ToString()) : "";

        /// <summary>Safe, shortened JSON of the value at a path.</summary>
        public string Json(string name) => element.At(name) is { } value ? Terminal.Brief(value.GetRawText(), MostValue) : "";
    }
}
