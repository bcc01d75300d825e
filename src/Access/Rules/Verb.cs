namespace Actors.Access;

/// <summary>What a grant allows with a workflow and its runs.</summary>
internal enum Verb
{
    /// <summary>See the workflow and run it; holds <see cref="ReadOwn"/>.</summary>
    Run,

    /// <summary>Read the runs that one submitted: state, output, trace.</summary>
    ReadOwn,

    /// <summary>Read anybody's runs.</summary>
    ReadAll,

    /// <summary>Answer approvals of runs that one may read, and send them signals.</summary>
    Approve,

    /// <summary>Stop runs that one submitted.</summary>
    Cancel,

    /// <summary>Read, answer and stop anybody's runs.</summary>
    Operate,
}
