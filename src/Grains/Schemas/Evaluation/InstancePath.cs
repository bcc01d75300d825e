using System.Globalization;

namespace Actors.Grains.Schemas;

/// <summary>The way to a value, written out only when a violation needs it.</summary>
internal sealed class InstancePath
{
    private readonly InstancePath? _parent;
    private readonly string? _name;
    private readonly int _index;

    private InstancePath(InstancePath? parent, string? name, int index)
    {
        _parent = parent;
        _name = name;
        _index = index;
    }

    public static InstancePath Root { get; } = new(null, null, 0);

    public InstancePath Child(string name) => new(this, name, 0);

    public InstancePath Child(int index) => new(this, null, index);

    public override string ToString() => _parent is null
        ? ""
        : $"{_parent}/{(_name is null ? _index.ToString(CultureInfo.InvariantCulture) : JsonPointer.Escape(Describe.Shorten(_name)))}";
}
