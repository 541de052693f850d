using System.Globalization;
using System.Text;
using Flip.Collectives;

namespace Flip.Distributed;

/// <summary>A rank's part of its machine's processors.</summary>
internal static class ProcessorShare
{
    private const string StatusFile = "/proc/self/status";
    private const string Field = "Cpus_allowed_list:";

    /// <summary>Agrees with the ranks of this machine; all ranks come.</summary>
    public static int Agree(ICommunicator ranks)
    {
        var lists = ranks.Exchange(Encoding.UTF8.GetBytes(Allowed())).Select(Encoding.UTF8.GetString).ToList();
        var host = ranks.Places[ranks.Rank].Host;
        return Of(Parse(lists[ranks.Rank]), [.. ranks.Places.Where(place => place.Host == host).Select(place => Parse(lists[place.Rank]))], Environment.ProcessorCount);
    }

    /// <summary>
    /// The part: of each processor that a rank may use, one divided by the ranks that may use it. Where a quota leaves fewer than that, the same part of those.
    /// </summary>
    /// <param name="own">Processors of this rank, by number; none where they are not known.</param>
    /// <param name="ofHost">Those of all ranks of its machine, this one included.</param>
    /// <param name="usable">Processors that this process can keep busy.</param>
    public static int Of(IReadOnlyList<int> own, IReadOnlyList<IReadOnlyList<int>> ofHost, int usable)
    {
        var part = own.Count == 0 ? 1.0 / ofHost.Count : own.Sum(processor => 1.0 / ofHost.Count(other => other.Contains(processor))) / own.Count;
        return Math.Max(1, (int)((usable * part) + 1e-6));
    }

    /// <summary>The numbers of a list such as <c>0-3,8</c>; none where it is no list.</summary>
    public static IReadOnlyList<int> Parse(string list)
    {
        var numbers = new List<int>();
        foreach (var part in list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-');
            if (!int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
                || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last) || last < first || last - first > 1 << 16)
            {
                return [];
            }

            numbers.AddRange(Enumerable.Range(first, last - first + 1));
        }

        return numbers;
    }

    private static string Allowed()
    {
        try
        {
            return File.ReadLines(StatusFile).FirstOrDefault(line => line.StartsWith(Field, StringComparison.Ordinal))?[Field.Length..].Trim() ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }
}
