using System.Security.Cryptography;
using Flip.Devices;
using Flip.Ingest.Selection;
using Flip.SlowTests.Cli;
using Flip.Tests;

namespace Flip.SlowTests.Ingest;

/// <summary>Selections of lists that are long enough to be divided among threads.</summary>
[Collection(Alone.Name)]
public sealed class SelectedRowsTests : IDisposable
{
    private const int Rows = 500_000;

    private readonly TemporaryFolder _folder = new();

    public SelectedRowsTests()
    {
        using (var writer = new StreamWriter(_folder.File("list.csv")))
        {
            writer.WriteLine("key,n");
            for (var i = 0; i < Rows; i++)
            {
                writer.WriteLine($"k{i * 7919L % Rows:D7},{i * 31 % 1009}");
            }
        }

        new RowSelection(new SelectOptions { Source = _folder.File("list.csv") }).Run(_folder.File("list.parquet"));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("out.parquet")]
    [InlineData("out.csv")]
    [InlineData("out.jsonl")]
    public void Any_number_of_threads_gives_the_same_bytes(string name)
    {
        var hashes = new HashSet<string>();
        try
        {
            foreach (var threads in (int[])[1, 2, 3, 3])
            {
                Processors.Share(threads);
                var options = new SelectOptions { Source = _folder.File("list.parquet"), With = name == "out.csv" ? [_folder.File("list.csv")] : [], Where = "n > 200" };
                new RowSelection(options).Run(_folder.File(name), cancellation: TestContext.Current.CancellationToken);
                hashes.Add(Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(_folder.File(name)))));
            }
        }
        finally
        {
            Processors.Share(Environment.ProcessorCount);
        }

        Assert.Single(hashes);
    }

    [Fact]
    public void A_selection_that_is_killed_leaves_no_file_that_could_be_taken_for_whole()
    {
        string[] select = ["data", "select", _folder.File("list.parquet"), "--where", "n > 200", "--order-by", "key", "--out", _folder.File("out.parquet")];
        foreach (var moment in (int[])[0, 50, 100, 200])
        {
            using var killed = new FlipProcess(select);
            killed.WaitFor(() => Directory.EnumerateDirectories(_folder.Path).Any());
            Thread.Sleep(moment);
            killed.Kill();
            Assert.All(Directory.GetFiles(_folder.Path), file => Assert.Contains(Path.GetFileName(file), (string[])["list.csv", "list.parquet", "out.parquet"]));
            if (File.Exists(_folder.File("out.parquet")))
            {
                Assert.Equal(Expected(), new RowSelection(new SelectOptions { Source = _folder.File("out.parquet") }).Run(cancellation: TestContext.Current.CancellationToken).Rows);
            }
        }

        using var whole = new FlipProcess(select);
        var (code, output, error) = whole.End();
        Assert.True(code == 0, error);
        Assert.Contains(FormattableString.Invariant($"{Rows:N0} rows: {Expected():N0} selected"), output, StringComparison.Ordinal);
    }

    private static int Expected() => Enumerable.Range(0, Rows).Count(i => i * 31 % 1009 > 200);
}
