using System.Formats.Tar;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Flip.Data.Images;
using Flip.Data.Layouts;
using Flip.Data.Scenes;
using Flip.Io;

namespace Flip.Tests.Data.Scenes;

public sealed class SceneDatasetTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flip-scenes-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Shards_hold_every_sample_with_its_parts()
    {
        var dataset = Write("a", 1203, 100);
        Assert.Equal(At("a/train-{0000..0001}.tar"), dataset.Train);
        Assert.Equal(At("a/heldout-{0000..0000}.tar"), dataset.HeldOut);
        var first = Read("a/train-0000.tar");
        var last = Read("a/train-0001.tar");
        Assert.Equal((3000, 609), (first.Count, last.Count));
        Assert.Equal(["000000.jpg", "000000.txt", "000000.json", "000001.jpg"], first.Take(4).Select(entry => entry.Name));
        Assert.Equal("001202.json", last[^1].Name);
        var captions = JsonDocument.Parse(first[2].Content).RootElement.GetProperty("captions");
        Assert.Equal(SceneCaptions.Count, captions.GetArrayLength());
        Assert.Equal(captions[0].GetString(), Encoding.UTF8.GetString(first[1].Content));
        Assert.Equal((32, 32), ImageDecoder.ReadSize(first[0].Content));
        Assert.Equal(300, Read("a/retrieval-0000.tar").Count);
    }

    [Fact]
    public void Labels_are_those_of_the_scenes_and_lead_to_their_names()
    {
        var dataset = Write("a", 1, 80);
        var classes = JsonDocument.Parse(File.ReadAllBytes(dataset.ClassNames)).RootElement;
        Assert.Equal(SceneCombinations.All.Length, classes.GetArrayLength());
        foreach (var (shard, split) in new[] { ("a/heldout-0000.tar", SceneSplit.HeldOut), ("a/seen-0000.tar", SceneSplit.Seen) })
        {
            var labels = Read(shard).Where(entry => entry.Name.EndsWith(".cls", StringComparison.Ordinal)).ToList();
            Assert.Equal(80, labels.Count);
            for (var i = 0; i < labels.Count; i++)
            {
                var label = int.Parse(Encoding.UTF8.GetString(labels[i].Content), CultureInfo.InvariantCulture);
                var scene = new SceneSampler(7, split).Sample(i);
                Assert.Equal(label, classes[label].GetProperty("label").GetInt32());
                Assert.Equal(
                    SceneCombinations.Name(scene.Objects[0].Color, scene.Background), classes[label].GetProperty("names")[0].GetString());
            }
        }

        Assert.All(File.ReadAllLines(dataset.Templates), line => Assert.Contains("{c}", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_split_asks_about_its_scenes()
    {
        var dataset = Write("a", 60, 20);
        foreach (var (pattern, split, count) in new[] { (dataset.Train, SceneSplit.Train, 60), (dataset.Retrieval, SceneSplit.Retrieval, 20), (dataset.HeldOut, SceneSplit.HeldOut, 20) })
        {
            var asked = QuestionedSources.Open(pattern, cancellation: TestContext.Current.CancellationToken);
            Assert.Equal(count, asked.Images.Count);
            var sampler = new SceneSampler(7, split);
            var expected = Enumerable.Range(0, count).SelectMany(i =>
            {
                var random = sampler.Asking(i);
                return SceneQuestions.Ask(sampler.Sample(i), ref random).Select(asked => (i, asked.Question, asked.Answer, asked.Kind.ToString().ToLowerInvariant()));
            });
            Assert.Equal(expected, asked.Questions.Select(question => (question.Image, question.Question, Assert.Single(question.Answers), question.AnswerType!)));
        }
    }

    [Fact]
    public void The_same_parameters_give_the_same_bytes_and_others_do_not()
    {
        Write("a", 60, 20);
        Write("b", 60, 20);
        Write("c", 60, 20, seed: 8);
        var names = Directory.GetFiles(At("a")).Select(Path.GetFileName).Order().ToList();
        Assert.Equal(
            ["classes.json", "heldout-0000.tar", "retrieval-0000.tar", "scenes.json", "seen-0000.tar", "templates.txt", "train-0000.tar"],
            names);
        Assert.All(names, name => Assert.Equal(File.ReadAllBytes(At($"a/{name}")), File.ReadAllBytes(At($"b/{name}"))));
        Assert.NotEqual(File.ReadAllBytes(At("a/train-0000.tar")), File.ReadAllBytes(At("c/train-0000.tar")));
    }

    [Fact]
    public void A_shard_is_the_same_on_one_processor()
    {
        using var together = new MemoryStream();
        new SceneShardWriter(7, SceneSplit.Train, 32).Write(together, 0, 50);
        using var oneByOne = new MemoryStream();
        var alone = new Thread(() =>
        {
            // Scenes rendered in reverse order on one thread, to leave other scenes in any cache there may be.
            var sampler = new SceneSampler(7, SceneSplit.Train);
            for (var i = 49; i >= 0; i--)
            {
                oneByOne.Write(new SceneRenderer(32).Render(sampler.Sample(i)));
            }
        });
        alone.Start();
        alone.Join();
        together.Position = 0;
        var pictures = Entries(together).Where(entry => entry.Name.EndsWith("jpg", StringComparison.Ordinal)).Reverse();
        Assert.Equal(oneByOne.ToArray(), pictures.SelectMany(entry => entry.Content));
    }

    [Fact]
    public void An_existing_data_set_is_taken_and_another_replaced()
    {
        Write("a", 1500, 20);
        var written = File.GetLastWriteTimeUtc(At("a/train-0000.tar"));
        var done = new List<long>();
        Write("a", 1500, 20, progress: done.Add);
        Assert.Equal(written, File.GetLastWriteTimeUtc(At("a/train-0000.tar")));
        Assert.Equal([1560], done);
        done.Clear();
        Write("a", 40, 20, progress: done.Add);
        Assert.False(File.Exists(At("a/train-0001.tar")));
        Assert.Equal(120, Read("a/train-0000.tar").Count);
        Assert.Equal([40, 60, 80, 100, 100], done);
    }

    [Fact]
    public void A_lost_shard_or_an_interrupted_writing_starts_over()
    {
        Write("a", 40, 20);
        var whole = File.ReadAllBytes(At("a/train-0000.tar"));
        File.Delete(At("a/train-0000.tar"));
        Write("a", 40, 20);
        Assert.Equal(whole, File.ReadAllBytes(At("a/train-0000.tar")));

        using var cancelled = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(
            () => SceneDataset.Write(At("a"), 50, 20, seed: 7, imageSize: 32, _ => cancelled.Cancel(), cancelled.Token));
        Assert.False(File.Exists(At("a/seen-0000.tar")));
        Write("a", 40, 20);
        Assert.Equal(whole, File.ReadAllBytes(At("a/train-0000.tar")));
        Assert.Empty(Directory.GetFiles(At("a"), "*.tmp"));
    }

    [Fact]
    public void What_a_killed_process_left_is_no_obstacle()
    {
        Directory.CreateDirectory(At("a"));
        File.WriteAllText(At("a/scenes.json.scenes.tmp"), "{");
        Write("a", 10, 10);
        Assert.Empty(Directory.GetFiles(At("a"), "*.tmp"));
        Assert.Equal(30, Read("a/train-0000.tar").Count);
    }

    [Fact]
    public void A_link_in_place_of_a_file_is_refused_and_one_of_a_killed_process_is_removed()
    {
        Write("a", 10, 10);
        using var bystander = new Bystander();
        File.CreateSymbolicLink(At("a/scenes.json.0123456789abcdef.scenes.tmp"), bystander.File);
        File.WriteAllText(At("a/train-best.tar"), "of the user");
        Write("a", 11, 10);
        Assert.Empty(Directory.GetFiles(At("a"), "*.tmp"));
        Assert.Equal("of the user", File.ReadAllText(At("a/train-best.tar")));
        bystander.Lure(At("a/train-0000.tar"), isFolder: false);
        Assert.Contains("train-0000.tar is a link to", Assert.Throws<ForeignEntryException>(() => Write("a", 12, 10)).Message, StringComparison.Ordinal);
        bystander.AssertUntouched();
    }

    [Fact]
    public void A_folder_of_other_files_is_left_alone()
    {
        Directory.CreateDirectory(At("a"));
        File.WriteAllText(At("a/train-0000.tar"), "precious");
        var error = Assert.Throws<IOException>(() => Write("a", 10, 10));
        Assert.Contains("holds files that are no scenes", error.Message, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(At("a/train-0000.tar")));
        Assert.Throws<ArgumentOutOfRangeException>(() => Write("b", 0, 10));
    }

    private SceneDataset Write(string folder, int trainCount, int evalCount, ulong seed = 7, Action<long>? progress = null) =>
        SceneDataset.Write(At(folder), trainCount, evalCount, seed, 32, progress, TestContext.Current.CancellationToken);

    private string At(string relative) => Path.Combine(_folder, relative);

    private List<(string Name, byte[] Content)> Read(string shard)
    {
        using var stream = File.OpenRead(At(shard));
        return Entries(stream);
    }

    private static List<(string Name, byte[] Content)> Entries(Stream stream)
    {
        using var tar = new TarReader(stream, leaveOpen: true);
        var entries = new List<(string, byte[])>();
        while (tar.GetNextEntry(copyData: true) is { } entry)
        {
            using var content = new MemoryStream();
            entry.DataStream!.CopyTo(content);
            entries.Add((entry.Name, content.ToArray()));
        }

        return entries;
    }
}
