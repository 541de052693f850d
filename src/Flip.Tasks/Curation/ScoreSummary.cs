namespace Flip.Tasks.Curation;

/// <summary>What the tables of a folder say together.</summary>
/// <param name="Tables">Tables that are there.</param>
/// <param name="Rows">Entries in them.</param>
/// <param name="Scored">Entries with a similarity.</param>
/// <param name="Mean">Mean of the similarities; null where there is none.</param>
/// <param name="Thresholds">From which similarity on a share of the scored entries is kept.</param>
/// <param name="Errors">Entries without a similarity, by cause.</param>
public sealed record ScoreSummary(
    int Tables, long Rows, long Scored, double? Mean, IReadOnlyList<ScoreThreshold> Thresholds, SortedDictionary<string, long> Errors)
{
    private static readonly double[] Shares = [0.9, 0.75, 0.5, 0.3, 0.2, 0.1, 0.01];

    /// <summary>The summary of some tables. In memory are four bytes an entry.</summary>
    internal static ScoreSummary Of(IEnumerable<string> tables)
    {
        var (count, rows, errors, similarities) = (0, 0L, new SortedDictionary<string, long>(StringComparer.Ordinal), new List<float>());
        foreach (var table in tables)
        {
            count++;
            foreach (var (similarity, error) in ScoreTable.Read(table))
            {
                rows++;
                if (similarity is { } known)
                {
                    similarities.Add(known);
                }
                else
                {
                    errors[error ?? "-"] = errors.GetValueOrDefault(error ?? "-") + 1;
                }
            }
        }

        similarities.Sort();
        return new ScoreSummary(
            count,
            rows,
            similarities.Count,
            similarities.Count > 0 ? similarities.Average(value => (double)value) : null,
            similarities.Count > 0 ? [.. Shares.Select(share => new ScoreThreshold(share, similarities[similarities.Count - Math.Max(1, (int)Math.Round(share * similarities.Count))]))] : [],
            errors);
    }
}

/// <summary>How many entries a threshold keeps.</summary>
/// <param name="Share">Share of the scored entries, 0..1.</param>
/// <param name="Similarity">The lowest similarity among them.</param>
public sealed record ScoreThreshold(double Share, double Similarity);
