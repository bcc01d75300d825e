using System.Text.Json.Nodes;

namespace Actors.Benchmarks;

/// <summary>What is to be reached, and what was.</summary>
internal sealed class Targets
{
    private readonly JsonArray _rows = [];

    public bool Passed { get; private set; } = true;

    public void AtLeast(string name, double value, double least) => Add(name, value, $">= {least}", value >= least);

    public void AtMost(string name, double value, double most) => Add(name, value, $"<= {most}", value <= most);

    /// <summary>Puts the rows and the verdict into a result.</summary>
    public JsonObject Into(JsonObject result)
    {
        result["targets"] = _rows;
        result["passed"] = Passed;
        return result;
    }

    private void Add(string name, double value, string wanted, bool passed)
    {
        Passed &= passed;
        _rows.Add(new JsonObject { ["target"] = name, ["value"] = double.IsFinite(value) ? Math.Round(value, 3) : null, ["wanted"] = wanted, ["passed"] = passed });
        Console.Error.WriteLine($"    {(passed ? "ok  " : "MISS")} {name}: {value:0.###} ({wanted})");
    }
}
