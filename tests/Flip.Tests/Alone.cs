namespace Flip.Tests;

/// <summary>Tests of what belongs to the whole process, such as its memory or its console: no other test runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "Alone";
}
