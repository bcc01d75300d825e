namespace Actors.Silo.Access;

/// <summary>What a caller may do with runs of a workflow.</summary>
internal enum Verb
{
    /// <summary>See the workflow and run it.</summary>
    Run,

    /// <summary>Read the runs it submitted: state, output, trace.</summary>
    ReadOwn,

    /// <summary>Read anybody's runs.</summary>
    ReadAll,

    /// <summary>Answer approvals and send signals.</summary>
    Approve,

    /// <summary>Stop runs.</summary>
    Cancel,

    /// <summary>Act on anybody's runs, and see the silos' state.</summary>
    Operate,
}
