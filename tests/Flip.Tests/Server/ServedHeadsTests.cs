using Flip.Config;
using Flip.Data.Images;
using Flip.Models;
using Flip.Server.Models;
using Flip.Tasks.Answering;
using Flip.Tasks.Captioning;
using Flip.Tasks.Finetuning;
using Flip.Tests.Cli;
using Flip.Tests.Serving;
using Flip.Tests.Tasks.Answering;
using Flip.Tests.Tasks.Captioning;
using Flip.Tests.Tasks.Finetuning;
using Flip.Tokenizers;

namespace Flip.Tests.Server;

/// <summary>Models with a head are served as their own commands use them.</summary>
public sealed class ServedHeadsTests : IDisposable
{
    private static readonly string[] Sets = ["eval.batchSize=4", "train.precision=fp32"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_classifier_gives_its_own_classes()
    {
        var config = TinyModel.Save(_folder.File("model"));
        var folder = _folder.File("shapes");
        using (var classifier = new ImageClassifier(config.Model, 3, ClassifierHead.ZeroShot, seed: 4))
        {
            ClassifierFolder.Save(folder, config, ["circle", "square", "star"], classifier);
        }

        var images = ServedTiny.Images(3);
        using var loaded = ClassifierFolder.Load(folder);
        var scores = loaded.Classifier.Score(ServedTiny.Pixels(config, images), 3).Chunk(3).ToList();
        await using var rig = await ServerRig.StartAsync(ServedModels.Open(folder, sets: Sets));
        var (status, body) = await rig.PostAsync("/classify", new { images = images.Select(image => ServerRig.DataUri(image)), top = 2 });
        Assert.Equal(200, status);
        Assert.Equal("shapes", body.GetProperty("model").GetString());
        foreach (var (row, found) in scores.Zip(body.GetProperty("results").EnumerateArray()))
        {
            var sum = row.Sum(score => Math.Exp(score));
            var expected = row.Index().OrderByDescending(score => score.Item).Take(2).Select(score => (loaded.ClassNames[score.Index], Math.Exp(score.Item) / sum)).ToList();
            var given = found.EnumerateArray().Select(one => (one.GetProperty("class").GetString()!, one.GetProperty("probability").GetDouble())).ToList();
            Assert.Equal(expected.Select(one => one.Item1), given.Select(one => one.Item1));
            Assert.All(expected.Zip(given), pair => Assert.Equal(pair.First.Item2, pair.Second.Item2, 1e-6));
        }

        Assert.Equal("#/classes", (await rig.PostAsync("/classify", new { image = ServerRig.DataUri(images[0]), classes = new[] { "a" } })).Body.GetProperty("errors")[0].GetProperty("pointer").GetString());
        Assert.Equal(404, (await rig.PostAsync("/v1/embeddings", new { model = "shapes", input = "a" })).Status);
        using var form = new MultipartFormDataContent { { new ReadOnlyMemoryContent(images[0]), "image", "a.png" }, { new StringContent("1"), "top" } };
        Assert.Equal(1, (await rig.SendAsync(HttpMethod.Post, "/classify", form)).Body.GetProperty("results")[0].GetArrayLength());
    }

    [Fact]
    public async Task A_captioner_writes_what_its_command_writes()
    {
        var config = TinyModel.Save(_folder.File("model"));
        var folder = _folder.File("captioner");
        var tokenizer = new MarkedTokenizer(TokenizerFactory.Load(_folder.File("model")));
        using (var captioner = new Captioner(config.Model, TinyCaptioner.Config.Head with { Length = 12 }, tokenizer.VocabularySize, seed: 5))
        {
            CaptionerFolder.Save(folder, new LoadedCaptioner(config, tokenizer, captioner));
        }

        var images = ServedTiny.Images(2);
        using var loaded = CaptionerFolder.Load(folder);
        var expected = new CaptionWriter(loaded, new DecodingConfig()).Write(ServedTiny.Pixels(config, images), 2, TestContext.Current.CancellationToken);
        await using var rig = await ServerRig.StartAsync(ServedModels.Open(folder, sets: Sets));
        var (status, body) = await rig.PostAsync("/caption", new { images = images.Select(image => ServerRig.DataUri(image)), top = 3 });
        Assert.Equal(200, status);
        Assert.Equal(
            expected.Select(of => of.Select(one => one.Text)),
            body.GetProperty("results").EnumerateArray().Select(of => of.EnumerateArray().Select(one => one.GetProperty("caption").GetString()!)));
    }

    [Fact]
    public async Task What_answers_questions_gives_its_commands_answers()
    {
        var config = TinyModel.Save(_folder.File("model"));
        var folder = _folder.File("answerer");
        using (var answerer = TinyAnswerer.New(TinyAnswerer.Config, config.Model))
        {
            AnswererFolder.Save(folder, new LoadedAnswerer(config, TokenizerFactory.Load(_folder.File("model")), TinyAnswerer.Answers, answerer));
        }

        var image = ServedTiny.Images(1);
        using var loaded = AnswererFolder.Load(folder);
        var expected = new AnswerWriter(loaded, 2).Answer(ServedTiny.Pixels(config, image), 1, [(0, "what colour?"), (0, "how many?")], 4);
        await using var rig = await ServerRig.StartAsync(ServedModels.Open(folder, "vqa", Sets));
        var (status, body) = await rig.PostAsync("/answer", new { image = ServerRig.DataUri(image[0]), questions = new[] { "what colour?", "how many?" }, top = 2 });
        Assert.Equal(200, status);
        var given = body.GetProperty("results").EnumerateArray().Select(of => of.EnumerateArray().Select(one => (one.GetProperty("answer").GetString()!, one.GetProperty("probability").GetDouble())));
        Assert.Equal(expected.Select(of => of.Select(one => (one.Answer, one.Probability))), given);
        Assert.Equal("#/questions", (await rig.PostAsync("/answer", new { image = ServerRig.DataUri(image[0]) })).Body.GetProperty("errors")[0].GetProperty("pointer").GetString());
    }

    [Theory]
    [InlineData("runs/mine", "mine")]
    [InlineData("runs/mine/model/", "mine")]
    [InlineData("weights.safetensors", "weights.safetensors")]
    public void A_model_has_the_name_of_its_folder(string path, string expected) => Assert.Equal(expected, ServedModels.NameOf(path));
}
