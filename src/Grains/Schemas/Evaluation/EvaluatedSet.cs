namespace Actors.Grains.Schemas;

/// <summary>Which members and items of one value were evaluated by a schema that accepted it.</summary>
internal sealed class EvaluatedSet
{
    private HashSet<string>? _names;
    private HashSet<int>? _items;
    private bool _allNames;
    private int _firstItems;

    public void AllNames() => _allNames = true;

    public void Name(string name) => (_names ??= new HashSet<string>(StringComparer.Ordinal)).Add(name);

    /// <summary>Marks the items before <paramref name="count"/>.</summary>
    public void Items(int count) => _firstItems = Math.Max(_firstItems, count);

    public void AllItems() => _firstItems = int.MaxValue;

    public void Item(int index) => (_items ??= []).Add(index);

    public bool HasName(string name) => _allNames || _names?.Contains(name) == true;

    public bool HasItem(int index) => index < _firstItems || _items?.Contains(index) == true;

    public int Size => 1 + (_names?.Count ?? 0) + (_items?.Count ?? 0);

    public void Merge(EvaluatedSet other)
    {
        _allNames |= other._allNames;
        _firstItems = Math.Max(_firstItems, other._firstItems);
        if (other._names is not null)
        {
            (_names ??= new HashSet<string>(StringComparer.Ordinal)).UnionWith(other._names);
        }

        if (other._items is not null)
        {
            (_items ??= []).UnionWith(other._items);
        }
    }
}
