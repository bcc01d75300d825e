using System.Text.Json;

namespace Actors.Grains.Schemas;

/// <summary>One validation: the dynamic scope, what is left of its bounds, and why it stopped early.</summary>
internal sealed class Evaluation(CompiledSchema schema, long work)
{
    private readonly List<SchemaResource> _scope = [];
    private SchemaViolation? _stop;
    private long _spent;
    private TimeSpan _backtracking = SchemaLimits.BacktrackingTime;

    /// <summary>True once a bound was exceeded: everything returns, and the result is a violation.</summary>
    public bool Stopped => _stop is not null;

    public IReadOnlyList<SchemaResource> Scope => _scope;

    public IReadOnlyList<SchemaViolation> Run(JsonElement instance)
    {
        if (JsonGuard.Check(instance, work) is { } problem)
        {
            return [new SchemaViolation(problem.Pointer, schema.Root.Location, "$bounds", problem.Message)];
        }

        var sink = new ViolationSink(SchemaLimits.Violations - 1);
        Evaluate(schema.Root, instance, InstancePath.Root, sink, null, 0);
        return _stop is null ? sink.Violations : [_stop, .. sink.Violations];
    }

    /// <summary>True when <paramref name="instance"/> fits <paramref name="node"/>. Without a sink it returns at the first violation.</summary>
    public bool Evaluate(SchemaNode node, JsonElement instance, InstancePath path, ViolationSink? sink, EvaluatedSet? into, int depth)
    {
        if (depth >= SchemaLimits.Frames)
        {
            Stop(node, path, $"the schema refers to itself more than {SchemaLimits.Frames} levels deep here; references must move into the value");
        }

        if (!Spend(1, node, path))
        {
            return false;
        }

        if (node.Constant is { } constant)
        {
            if (!constant)
            {
                sink?.Add(new SchemaViolation(path.ToString(), node.Location, "false", "no value is allowed here"));
            }

            return constant;
        }

        var entered = _scope.Count == 0 || _scope[^1] != node.Resource;
        if (entered)
        {
            _scope.Add(node.Resource);
        }

        var seen = schema.TracksEvaluated && instance.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? new EvaluatedSet() : null;
        var frame = new Frame(this, node, instance, path, sink, seen, depth);
        foreach (var keyword in node.Keywords)
        {
            if (frame.Done || !Spend(1, node, path))
            {
                break;
            }

            keyword.Apply(frame);
        }

        if (entered)
        {
            _scope.RemoveAt(_scope.Count - 1);
        }

        return Close(frame, into);
    }

    /// <summary>Takes <paramref name="steps"/> from the bound; false when none is left.</summary>
    public bool Spend(long steps, SchemaNode node, InstancePath path)
    {
        _spent += steps;
        if (_spent > work)
        {
            Stop(node, path, $"checking the value takes more than {work} steps; send a smaller value or simplify the schema");
        }

        return !Stopped;
    }

    /// <summary>Takes time from what backtracking patterns may use together.</summary>
    public bool SpendBacktracking(TimeSpan time, SchemaNode node, InstancePath path)
    {
        _backtracking -= time;
        if (_backtracking <= TimeSpan.Zero)
        {
            Stop(node, path, "matching the pattern takes too long; send a shorter string or a pattern without look-around and back references");
        }

        return !Stopped;
    }

    private void Stop(SchemaNode node, InstancePath path, string message) => _stop ??= new SchemaViolation(path.ToString(), node.Location, "$bounds", message);

    private bool Close(Frame frame, EvaluatedSet? into)
    {
        if (Stopped || !frame.Valid)
        {
            return false;
        }

        if (into is not null && frame.Seen is { } seen && Spend(seen.Size, frame.Node, frame.Path))
        {
            into.Merge(seen);
        }

        return !Stopped;
    }
}
