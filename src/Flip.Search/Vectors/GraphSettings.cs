namespace Flip.Search.Vectors;

/// <summary>Settings of the graph that a large index is searched by (HNSW, Malkov and Yashunin 2018).</summary>
/// <param name="Connectivity">Neighbours of a vector on the upper levels, M, 4 to 128; twice as many on the lowest.</param>
/// <param name="ExpansionAdd">Candidates looked at when a vector is added, efConstruction, 8 to 4096.</param>
/// <param name="ExpansionSearch">Candidates looked at in a search, ef, 8 to 4096: more find more of the true neighbours, and take longer.</param>
public sealed record GraphSettings(int Connectivity = 16, int ExpansionAdd = 128, int ExpansionSearch = 128)
{
    /// <summary>Smallest <see cref="Connectivity"/>.</summary>
    public const int LeastConnectivity = 4;

    /// <summary>Largest <see cref="Connectivity"/>.</summary>
    public const int MostConnectivity = 128;

    /// <summary>Smallest expansion.</summary>
    public const int LeastExpansion = 8;

    /// <summary>Largest expansion.</summary>
    public const int MostExpansion = 4096;

    /// <summary>What is wrong with the values, a sentence each.</summary>
    public IReadOnlyList<string> Problems() =>
    [
        .. Range("connectivity", Connectivity, LeastConnectivity, MostConnectivity),
        .. Range("expansion when adding", ExpansionAdd, LeastExpansion, MostExpansion),
        .. Range("expansion when searching", ExpansionSearch, LeastExpansion, MostExpansion),
    ];

    private static string[] Range(string name, int value, int least, int most) =>
        value >= least && value <= most ? [] : [FormattableString.Invariant($"The graph's {name} is {value}: must be at least {least} and at most {most}.")];
}
