namespace Actors.Grains.Schemas;

/// <summary>One keyword of one subschema.</summary>
internal abstract class Keyword
{
    /// <summary>True for keywords that need to know what other keywords evaluated.</summary>
    public virtual bool ReadsEvaluated => false;

    /// <summary>Checks the frame's value; says nothing about values of other types.</summary>
    public abstract void Apply(Frame frame);
}
