using System.Formats.Tar;
using Flip.Data;
using Flip.Data.Classes;
using Flip.Data.Layouts;
using Flip.Evaluation.ZeroShot;
using Flip.Tests;
using Flip.Tests.Data;

namespace Flip.SlowTests.Evaluation.DataSets;

/// <summary>Ten thousand damaged lists of classes, captions, prompts and texts, in every form that is read: each is read, or refused with a message.</summary>
public sealed class ClassListFuzzTests : IDisposable
{
    private const int Files = 10_000;
    private const string Asked = """{"info": {}, "questions": [{"image_id": 1, "question": "What?", "question_id": 10}, {"image_id": 1, "question": "Who?", "question_id": 11}]}""";
    private const string Answered = """{"annotations": [{"image_id": 1, "question_id": 10, "answers": [{"answer": "a"}]}, {"image_id": 1, "question_id": 11, "answers": [{"answer": "b"}, {"answer": "c"}]}]}""";

    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_damaged_list_is_read_or_refused_with_a_message()
    {
        File.WriteAllBytes(_folder.File("1.jpg"), [1]);
        File.WriteAllBytes(_folder.File("2.jpg"), [1]);
        var known = new LayoutOptions { Classes = new ClassTable(ClassEntry.OfNames(["duck", "frog", "newt"])), Source = new SourceOptions { AllowMissing = true } };
        var loose = new LayoutOptions { Source = new SourceOptions { AllowMissing = true } };
        (string Name, string Text, Action<string> Read)[] kinds =
        [
            ("names.json", """["duck", ["frog", "toad"], {"names": ["newt"], "label": 2}]""", path => ClassNames.LoadEntries(path)),
            ("numbers.json", """{"0": "duck", "1": ["n01440764", "frog"], "2": "newt"}""", path => ClassNames.Load(path)),
            ("folders.json", """{"n01": "duck", "n02": ["frog"], "classes2": {"name": "newt"}}""", path => ClassNames.LoadEntries(path)),
            ("classnames.txt", "duck\nfrog\nnewt\n", _ => ClassNumbers.Of(_folder.Path, known)),
            ("list.csv", "path,label\n1.jpg,duck\n\"2.jpg\",\"fr\"\"og\"\n", path => LabelledSources.Open(path, loose)),
            ("list.tsv", "1.jpg\tduck\n2.jpg\tfrog\n", path => LabelledSources.Open(path, known)),
            ("semicolons.csv", "id;image;class\n1;1.jpg;0\n2;2.jpg;2\n", path => LabelledSources.Open(path, known)),
            ("list.jsonl", "{\"img\": \"1.jpg\", \"label\": 1}\n{\"img\": \"2.jpg\", \"label\": \"newt\"}\n", path => LabelledSources.Open(path, known)),
            ("captions.csv", "image,caption\n1.jpg,a duck, swimming\n2.jpg,\"two\nfrogs\"\n", path => CaptionedSources.Open(path, loose)),
            ("captions.jsonl", "{\"image\": \"1.jpg\", \"caption\": \"a duck\"}\n{\"image\": \"2.jpg\", \"text\": \"b\"}\n", path => CaptionedSources.Open(path, loose)),
            ("prompts.json", """{"duck": ["a duck."], "frog": ["a frog.", "two frogs."], "newt": ["n"]}""", path => ClassPrompts.OfFile(path, ["duck", "frog", "newt"])),
            ("templates.txt", "a photo of a {c}.\n{c}\n", path => ClassTemplates.Load(path)),
            ("images.txt", "1.jpg\n2.jpg\n", path => ImageSources.Open(path, known.Source)),
            ("texts.txt", "a duck\ntwo frogs\n", path => _ = TextSources.Open(path).Read().Count()),
            ("texts.json", """["a duck", {"key": "k", "caption": "c"}, {"id": 3, "captions": ["x", "y"]}, 5]""", path => _ = TextSources.Open(path).Read().Count()),
            ("texts.jsonl", "\"a duck\"\n{\"key\": \"k\", \"text\": \"c\"}\n", path => _ = TextSources.Open(path).Read().Count()),
            ("captions_test.json", """{"images": [{"id": 1, "file_name": "1.jpg"}], "annotations": [{"image_id": 1, "caption": "c"}]}""", _ => new CocoCaptions("captions_test.json").Open(_folder.Path, loose, default)),
            ("dataset_coco.json", """{"images": [{"filename": "1.jpg", "split": "test", "sentences": [{"raw": "c"}]}]}""", _ => new KarpathyCaptions("dataset_coco.json").Open(_folder.Path, loose, default)),
            ("scenes/CLEVR_test_scenes.json", """{"scenes": [{"image_filename": "1.png", "objects": [{}, {}, {}]}]}""", _ => new ClevrScenes().Open(_folder.Path, loose, default)),
            ("questions.csv", "image,question,answer,id\n1.jpg,\"What, here?\",a duck,1\n2.jpg,What?,\"[\"\"red\"\", \"\"blue\"\"]\",2\n", path => QuestionedSources.Open(path, loose)),
            ("questions.jsonl", "{\"image\": \"1.jpg\", \"question\": \"What?\", \"answers\": [\"a\", 2]}\n{\"image\": \"2.jpg\", \"question_id\": 7, \"question\": \"Who?\", \"answer\": \"b\"}\n", path => QuestionedSources.Open(path, loose)),
            ("asked_questions.json", Asked, path => QuestionedSources.Open(path, loose)),
            ("answered_annotations.json", Answered, _ => QuestionedSources.Open(_folder.File("answered_questions.json"), loose)),
            ("sample.json", """{"caption": "c", "questions": [{"id": 1, "question": "What?", "answers": ["a", "b"]}, {"question": "Who?", "answer": "x"}]}""", ReadShard),
        ];
        File.WriteAllText(_folder.File("asked_annotations.json"), Answered);
        File.WriteAllText(_folder.File("answered_questions.json"), Asked);
        File.WriteAllBytes(_folder.File("000000000001.jpg"), [1]);
        Directory.CreateDirectory(_folder.File("scenes"));
        var outcome = kinds.ToDictionary(kind => kind.Name, _ => (Read: 0, Refused: 0));
        for (var trial = 0; trial < Files; trial++)
        {
            var (name, text, read) = kinds[trial % kinds.Length];
            File.WriteAllBytes(_folder.File(name), TextMutation.Of(text, trial));
            var (good, bad) = outcome[name];
            outcome[name] = IsRead(name, trial, read) ? (good + 1, bad) : (good, bad + 1);
            File.Delete(_folder.File(name));
        }

        // Neither may everything be refused for a trifle, nor everything be let through; a text's damage is told with the text.
        Assert.All(outcome, pair => Assert.True(
            pair.Value.Read > 50 && (pair.Value.Refused > 10 || pair.Key.StartsWith("texts", StringComparison.Ordinal)), $"{pair.Key}: {pair.Value}"));
    }

    /// <summary>The file as the <c>.json</c> of a sample.</summary>
    private void ReadShard(string path)
    {
        using (var writer = new TarWriter(File.Create(_folder.File("test-0.tar"))))
        {
            writer.WriteEntry(_folder.File("1.jpg"), "s.jpg");
            writer.WriteEntry(path, "s.json");
        }

        QuestionedSources.Open(_folder.File("test-0.tar"));
        File.Delete(_folder.File("test-0.tar"));
    }

    private bool IsRead(string name, int trial, Action<string> read)
    {
        try
        {
            read(_folder.File(name));
            return true;
        }
        catch (Exception e) when (e is ConfigException or EvaluationDataException)
        {
            Assert.NotEmpty(e.Message);
            return false;
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{name}, trial {trial}: {File.ReadAllText(_folder.File(name))}", e);
        }
    }
}
