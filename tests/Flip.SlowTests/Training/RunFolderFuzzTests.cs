using System.Text;
using System.Text.RegularExpressions;
using Flip.Config;
using Flip.Evaluation.Answering;
using Flip.Io;
using Flip.Models;
using Flip.Optim;
using Flip.Randomness;
using Flip.Storage;
using Flip.Tasks.Answering;
using Flip.Tasks.Captioning;
using Flip.Tasks.Finetuning;
using Flip.Tasks.ImageTasks;
using Flip.Tests;
using Flip.Tests.Training;
using Flip.Tokenizers;
using Flip.Training;

namespace Flip.SlowTests.Training;

/// <summary>
/// Thirteen thousand damaged runs, a file or a name at a time, read by what resuming and loading read it with: either it is read, or an exception for the
/// user says why not. Models are built by the undamaged configuration; what a configuration may ask for is tested where its limits are.
/// </summary>
[Collection(Alone.Name)]
public sealed partial class RunFolderFuzzTests : IDisposable
{
    private const int Runs = 13_000;
    private const string Checkpoint = "checkpoints/samples-0000000000064";

    /// <summary>Managed memory: the settings as a tree and each of their names and problems, whatever the file's length; then values for each byte.</summary>
    private const long MemoryConstant = 8 << 20;
    private const long MemoryPerByte = 1000;

    private static readonly string[] Values =
    [
        "0", "1", "-1", "0.5", "2147483648", "9223372036854775807", "99999999999999999999", "1e999", "-1e-999", "null", "true", "\"\"", "\"x\"", "\"NaN\"", "\"\\ud800\"",
        "[]", "{}", "[null]", "[[[[[[[[]]]]]]]]", "{\"a\":{\"a\":{}}}",
    ];

    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();

    private readonly FlipModel _model = TinyRun.Model(TinyRun.Config);
    private readonly AdamW _optimizer;
    private readonly WeightEma _average;

    public RunFolderFuzzTests()
    {
        _optimizer = new AdamW(_model.Parameters, new AdamWOptions(0.9, 0.95, 1e-8, 0.2));
        _average = new WeightEma(_model.Parameters, 0.9);
        var run = new RunFolder(_folder.Path);
        run.SaveConfig(TinyRun.Config);
        RunInputs.Save(run, new FinetuneInputs("models/tiny", "train.csv", ["a.csv", "b.csv"], "names.json", [0, 0.5, 1]));
        AtomicFile.WriteText(_folder.File("finetune.json"), RecipeFiles.Finetuning.ToJson(new FinetuneConfig()));
        var state = new TrainState(64, 8, 1.5, 1000, new Dictionary<string, long> { ["not an image"] = 3 });
        new CheckpointStore(run.Checkpoints, 2).Save(state, _model.Parameters, _optimizer.FirstMoment, _optimizer.SecondMoment, _average);
        using (var log = new MetricLog(run.Path))
        {
            for (var step = 1; step <= 4; step++)
            {
                log.Write(8 * step, step, new Dictionary<string, double> { ["loss"] = 1.0 / step, ["speed"] = double.NaN });
            }
        }

        File.WriteAllText(_folder.File(".lock.json"), $$"""{"Host":"{{Environment.MachineName}}","Process":7}""");
        using var classifier = new ImageClassifier(TinyRun.Config.Model, 2, ClassifierHead.Random, seed: 3);
        ClassifierFolder.Save(_folder.File("start"), TinyRun.Config, ["dog", "car"], classifier);
        AtomicFile.WriteText(_folder.File("caption.json"), RecipeFiles.Captioning.ToJson(new CaptionConfig()));
        var words = new MarkedTokenizer(new WordPieceTokenizer(VocabularyLearner.Learn(["a red dog runs"], 256)));
        using var captioner = new Captioner(TinyRun.Config.Model, new CaptionHeadConfig { Width = 8, Heads = 2, EncoderDepth = 1, DecoderDepth = 1, Length = 6 }, words.VocabularySize);
        CaptionerFolder.Save(_folder.File("captioner"), new LoadedCaptioner(TinyRun.Config, words, captioner));
        AtomicFile.WriteText(_folder.File("answer.json"), RecipeFiles.Answering.ToJson(new AnswerConfig()));
        var answers = new AnswerVocabulary(["yes", "no", ""]);
        var towers = ModelFolder.WithVocabulary(TinyRun.Config with { Model = TinyRun.Config.Model with { Text = TinyRun.Config.Model.Text with { VocabularySize = 0 } } }, words);
        using var answerer = new QuestionAnswerer(towers.Model, new AnswerHeadConfig { Width = 8, Heads = 2, Depth = 1 }, answers.Count);
        AnswererFolder.Save(_folder.File("answerer"), new LoadedAnswerer(towers, words, answers, answerer) { Majority = "yes" });
    }

    public void Dispose()
    {
        _average.Dispose();
        _optimizer.Dispose();
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Damaged_runs_are_read_or_refused_within_bounds()
    {
        var run = _folder.Path;
        (string File, Action Read)[] parts =
        [
            ("config.json", () => RunFolder.Open(run).LoadConfig()),
            ("inputs.json", () => FinetuneInputs.Load(run)),
            ("finetune.json", () => RecipeFiles.Finetuning.Parse(File.ReadAllText(_folder.File("finetune.json")), _folder.File("finetune.json"))),
            ("caption.json", () => RecipeFiles.Captioning.Parse(File.ReadAllText(_folder.File("caption.json")), _folder.File("caption.json"))),
            ("captioner/captioner.json", () => CaptionerFolder.Load(_folder.File("captioner")).Dispose()),
            ("captioner/captioner.safetensors", () => CaptionerFolder.Load(_folder.File("captioner")).Dispose()),
            ("answer.json", () => RecipeFiles.Answering.Parse(File.ReadAllText(_folder.File("answer.json")), _folder.File("answer.json"))),
            ("answerer/answerer.json", () => AnswererFolder.Load(_folder.File("answerer")).Dispose()),
            ("answerer/answers.json", () => AnswererFolder.Load(_folder.File("answerer")).Dispose()),
            ("answerer/answerer.safetensors", () => AnswererFolder.Load(_folder.File("answerer")).Dispose()),
            ("metrics.jsonl", () => MetricLog.Read(run)),
            (".lock.json", () => RunFolder.Open(run).Lock().Dispose()),
            ("start/classes.json", () => ClassifierFolder.Load(_folder.File("start")).Dispose()),
            ($"{Checkpoint}/state.json", LoadCheckpoint),
            ($"{Checkpoint}/model.safetensors", LoadCheckpoint),
            ($"{Checkpoint}/optimizer.safetensors", LoadCheckpoint),
            ($"{Checkpoint}/average.safetensors", LoadCheckpoint),
        ];
        var outcome = new Dictionary<string, (int Read, int Refused)>();
        foreach (var (number, (file, read)) in parts.Index())
        {
            var whole = File.ReadAllBytes(_folder.File(file));
            Assert.True(Read(read, whole.Length, "undamaged " + file));
            var good = 0;
            for (var i = 0; i < Runs / (parts.Length + 1); i++)
            {
                var random = new CounterRandom(23, RandomPurpose.Evaluation, number, i);
                var damaged = Damaged(file, whole, ref random);
                Replace(file, damaged);
                good += Read(read, damaged.Length, $"{file}, damage {i}") ? 1 : 0;
            }

            Replace(file, whole);
            outcome.Add(file, (good, (Runs / (parts.Length + 1)) - good));
        }

        outcome.Add("names", Rename(Runs - outcome.Sum(pair => pair.Value.Read + pair.Value.Refused)));
        Assert.Equal(Runs, outcome.Sum(pair => pair.Value.Read + pair.Value.Refused));

        // Neither may everything be refused for a trifle, nor everything be let through; the log and the holder of a lock are whatever can be read of them.
        Assert.All(outcome, pair => Assert.True(pair.Value.Read > 10 && (pair.Value.Refused > 100 || pair.Key is "metrics.jsonl" or ".lock.json"), $"{pair.Key}: {pair.Value}"));
    }

    /// <summary>The checkpoint's folder gets another name; it is found by it, or is no checkpoint.</summary>
    private (int Read, int Refused) Rename(int count)
    {
        var name = Encoding.UTF8.GetBytes(Path.GetFileName(Checkpoint));
        var found = 0;
        for (var i = 0; i < count; i++)
        {
            var random = new CounterRandom(23, RandomPurpose.Evaluation, -1, i);
            var other = Encoding.UTF8.GetString(Damage.Of(name, ref random)).Replace('/', '_').Replace('\0', '0');
            if (other is "" or "." or ".." || _folder.File("checkpoints/" + other) == _folder.File(Checkpoint))
            {
                continue;
            }

            Directory.Move(_folder.File(Checkpoint), _folder.File("checkpoints/" + other));
            Assert.True(Read(() => found += new CheckpointStore(_folder.File("checkpoints"), 2).Latest is null ? 0 : 1, name.Length, other));
            Directory.Move(_folder.File("checkpoints/" + other), _folder.File(Checkpoint));
        }

        return (found, count - found);
    }

    private void LoadCheckpoint() =>
        CheckpointStore.Load(new CheckpointStore(_folder.File("checkpoints"), 2).Latest!, _model.Parameters, TinyRun.Config.Model, _optimizer.FirstMoment, _optimizer.SecondMoment, _average);

    /// <summary>Of weights mostly the header, which is where a stranger can say something; of JSON as often a value as bytes, and then it is still JSON.</summary>
    private static byte[] Damaged(string file, byte[] whole, ref CounterRandom random)
    {
        if (!file.EndsWith(".safetensors", StringComparison.Ordinal))
        {
            return random.NextInt(2) == 0 ? Damage.Of(whole, ref random) : Revalued(whole, ref random);
        }

        if (random.NextInt(8) == 0)
        {
            return Damage.Of(whole, ref random);
        }

        var end = 8 + (int)BitConverter.ToInt64(whole);
        if (random.NextInt(2) == 0)
        {
            return [.. Damage.Of(whole[..end], ref random), .. whole[end..]];
        }

        var header = Revalued(whole[8..end], ref random);
        return [.. BitConverter.GetBytes((long)header.Length), .. header, .. whole[end..]];
    }

    private static byte[] Revalued(byte[] json, ref CounterRandom random)
    {
        var text = Encoding.UTF8.GetString(json);
        var values = Value().Matches(text);
        var value = values[random.NextInt(values.Count)];
        return Encoding.UTF8.GetBytes(text[..value.Index] + Values[random.NextInt(Values.Length)] + text[(value.Index + value.Length)..]);
    }

    [GeneratedRegex("""(?<=[:,\[]\s*)(-?[0-9][0-9.eE+-]*|true|false|null|"[^"]*"(?!\s*:))""")]
    private static partial Regex Value();

    private static bool Read(Action read, int length, string what)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            read();
            return true;
        }
        catch (Exception e) when (e is FlipException or InvalidDataException or UnauthorizedAccessException || (e is IOException and not EndOfStreamException))
        {
            Assert.False(string.IsNullOrWhiteSpace(e.Message), what);
            return false;
        }
        catch (Exception e) when (e is not Xunit.Sdk.IAssertionException)
        {
            throw new InvalidOperationException($"{what}: {e.GetType()}", e);
        }
        finally
        {
            var taken = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(taken <= MemoryConstant + (MemoryPerByte * length), $"{what}: {taken} bytes for {length}");
        }
    }

    private void Replace(string file, byte[] content)
    {
        File.Delete(_folder.File(file));
        File.WriteAllBytes(_folder.File(file), content);
    }
}
