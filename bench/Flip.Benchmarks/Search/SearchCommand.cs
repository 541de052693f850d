using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Flip.Devices;
using Flip.Randomness;
using Flip.Search.Vectors;

namespace Flip.Benchmarks.Search;

/// <summary>Builds and searches a file of clustered vectors in each number format: time, memory, size, queries a second, recall against the true neighbours in fp32.</summary>
internal static class SearchCommand
{
    private const int PerCluster = 100;
    private const double Spread = 0.6; // of a vector around its cluster's centre, by length

    public static Command Create()
    {
        var count = new Option<int>("--vectors") { Description = "Vectors.", DefaultValueFactory = _ => 1_000_000 };
        var dim = new Option<int>("--dim") { Description = "Numbers of a vector.", DefaultValueFactory = _ => 128 };
        var queries = new Option<int>("--queries") { Description = "Queries that recall is measured by, from the same clusters.", DefaultValueFactory = _ => 200 };
        var formats = new Option<VectorFormat[]>("--formats")
        {
            Description = "Number formats; Fp32 comes first, since it has the true neighbours.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [VectorFormat.Fp32, VectorFormat.Fp16, VectorFormat.Int8],
        };
        var expansion = new Option<int>("--expansion-search") { Description = "Candidates looked at in a search.", DefaultValueFactory = _ => new GraphSettings().ExpansionSearch };
        var folder = new Option<string?>("--folder") { Description = "Where the files go; a temporary folder without. Files that are there are searched, not built again." };
        var command = new Command("search", "Builds and searches an index of clustered vectors.") { count, dim, queries, formats, expansion, folder };
        command.SetAction(result =>
        {
            var place = result.GetValue(folder) ?? Directory.CreateTempSubdirectory("flip-search-").FullName;
            Directory.CreateDirectory(place);
            try
            {
                Run(place, result.GetValue(count), result.GetValue(dim), result.GetValue(queries), result.GetValue(formats)!, result.GetValue(expansion));
            }
            finally
            {
                if (result.GetValue(folder) is null)
                {
                    Directory.Delete(place, recursive: true);
                }
            }
        });
        return command;
    }

    private static void Run(string folder, int count, int dim, int queries, VectorFormat[] formats, int expansion)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count:N0} vectors of {dim}, {count / PerCluster:N0} clusters, {Processors.Available} threads, expansion {expansion}"));
        Console.WriteLine("format  build s  CPU s  peak MB  file MB  open s  queries/s  exact ms  recall@10");
        List<HashSet<long>>? truth = null;
        foreach (var format in formats)
        {
            var layout = new VectorLayout(dim, format, new GraphSettings() with { ExpansionSearch = expansion });
            var path = Path.Combine(folder, $"{format}.usearch");
            var (built, cpu) = File.Exists(path) ? (0, 0) : Build(path, layout, count);
            var clock = Stopwatch.StartNew();
            using var file = VectorFile.Open(path, layout, count);
            var open = clock.Elapsed.TotalSeconds;
            var wanted = Enumerable.Range(0, queries).Select(query => Vector(count + query, count, dim)).ToList();
            clock.Restart();
            var exact = wanted.ConvertAll(query => file.Search(query, 10, exact: true).Select(found => found.Key).ToHashSet());
            var exactTime = clock.Elapsed.TotalSeconds / queries;
            truth ??= exact;
            wanted.ForEach(query => file.Search(query, 10)); // the pages of the file are read
            clock.Restart();
            var found = wanted.ConvertAll(query => file.Search(query, 10));
            var perSecond = queries / clock.Elapsed.TotalSeconds;
            var recall = found.Zip(truth, (search, true10) => search.Count(item => true10.Contains(item.Key))).Sum() / (10.0 * queries);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{format,-6}  {built,7:0.0}  {cpu,5:0.0}  {PeakMegabytes(),7:N0}  {new FileInfo(path).Length / 1e6,7:N0}  {open,6:0.00}  {perSecond,9:N0}  {1e3 * exactTime,8:0.0}  {recall,9:0.0000}"));
        }
    }

    private static (double Seconds, double Cpu) Build(string path, VectorLayout layout, int count)
    {
        var (clock, before) = (Stopwatch.StartNew(), Process.GetCurrentProcess().TotalProcessorTime);
        new GraphWriter(layout).Write(path, null, [.. Enumerable.Range(0, count).Select(key => (long)key)], (key, _, floats) =>
        {
            Vector((int)key, count, layout.Dim).CopyTo(floats);
            return false;
        });
        return (clock.Elapsed.TotalSeconds, (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds);
    }

    /// <summary>A vector of a cluster, of length 1; a function of its number.</summary>
    private static float[] Vector(int number, int count, int dim)
    {
        var (centre, own) = (new float[dim], new float[dim]);
        Fill(centre, 1_000_000_000 + (number % Math.Max(1, count / PerCluster)));
        Fill(own, number);
        for (var i = 0; i < dim; i++)
        {
            centre[i] += (float)(Spread * own[i]);
        }

        Normalize(centre);
        return centre;
    }

    private static void Fill(float[] vector, int item)
    {
        var random = new CounterRandom(3, RandomPurpose.Evaluation, item: item);
        for (var i = 0; i < vector.Length; i++)
        {
            vector[i] = (float)(random.NextDouble(-1, 1) + random.NextDouble(-1, 1) + random.NextDouble(-1, 1)); // near enough to a Gaussian
        }

        Normalize(vector);
    }

    private static void Normalize(float[] vector)
    {
        var length = MathF.Sqrt(vector.Sum(value => value * value));
        for (var i = 0; i < vector.Length; i++)
        {
            vector[i] /= length;
        }
    }

    private static double PeakMegabytes() => Process.GetCurrentProcess().PeakWorkingSet64 / 1e6;
}
