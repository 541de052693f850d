namespace Flip.Tests;

/// <summary>Tests of what belongs to the whole process, such as its memory, its console or the number of threads that libtorch computes with: no other test runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "Alone";
}
