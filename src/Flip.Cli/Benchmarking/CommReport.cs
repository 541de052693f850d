using System.Globalization;
using System.Text;
using Flip.Tasks.Diagnostics;

namespace Flip.Cli.Benchmarking;

/// <summary>What ranks exchange, timed.</summary>
/// <param name="World">Number of ranks.</param>
/// <param name="Hosts">Machines that they are on.</param>
/// <param name="Device">Where the tensors were.</param>
/// <param name="Library">MPI's name and version.</param>
/// <param name="Operations">Each operation.</param>
public sealed record CommReport(int World, int Hosts, string Device, string Library, IReadOnlyList<CommOperation> Operations)
{
    /// <summary>A table of the constants, and one of the times.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        Line(text, $"{World} ranks on {Hosts} {(Hosts == 1 ? "host" : "hosts")}, {Device}; {Library}.");
        Line(text, $"An operation takes alpha seconds, and beta more for each byte that a rank sends: of n bytes on W ranks 2n(W-1)/W (all-reduce), n(W-1)/W (all-gather, reduce-scatter) or n (shift).");
        Line(text, $"");
        Line(text, $"| operation | alpha, us | beta, ns/byte | bandwidth, GB/s | worst error of the fit |");
        Line(text, $"|---|---:|---:|---:|---:|");
        foreach (var (fit, _) in Operations)
        {
            Line(text, $"| {fit.Operation} | {fit.Alpha * 1e6:0.0} | {fit.Beta * 1e9:0.0000} | {(fit.Bandwidth is { } bandwidth ? (bandwidth / 1e9).ToString("0.000", CultureInfo.InvariantCulture) : "not told")} | {fit.WorstError * 100:0} % |");
        }

        Line(text, $"");
        Line(text, $"Times of all rounds' median, on which other work of the machine tells; the constants are of the shortest ones.");
        Line(text, $"");
        Line(text, $"| bytes | {string.Join(" | ", Operations.Select(operation => $"{operation.Fit.Operation}, us"))} |");
        Line(text, $"|---:|{string.Concat(Operations.Select(_ => "---:|"))}");
        for (var i = 0; i < Operations[0].Times.Count; i++)
        {
            var cells = Operations.Select(operation => (operation.Times[i].Seconds * 1e6).ToString("0.0", CultureInfo.InvariantCulture));
            Line(text, $"| {Operations[0].Times[i].Bytes} | {string.Join(" | ", cells)} |");
        }

        return text.ToString();
    }

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}

/// <summary>One operation.</summary>
/// <param name="Fit">The constants.</param>
/// <param name="Times">What they were fitted to.</param>
public sealed record CommOperation(AlphaBeta Fit, IReadOnlyList<CollectiveTime> Times);
