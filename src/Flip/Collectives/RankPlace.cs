namespace Flip.Collectives;

/// <summary>Where a rank runs.</summary>
/// <param name="Rank">The rank, from 0.</param>
/// <param name="Host">Name of its machine.</param>
/// <param name="LocalRank">Its number among the ranks of that machine, from 0.</param>
/// <param name="LocalWorld">Ranks of that machine.</param>
public sealed record RankPlace(int Rank, string Host, int LocalRank, int LocalWorld);
