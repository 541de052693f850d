using Flip.Data;
using Flip.Data.Files;
using Flip.Data.Loading;
using Flip.Data.Pairs;
using Flip.Data.Questions;

namespace Flip.Tests.Data.Questions;

public sealed class QuestionSplitsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_image_of_both_parts_is_found_by_its_contents_whatever_it_is_called()
    {
        var train = Set("train", ("1.jpg", "dog"), ("2.jpg", "cat"), ("3.jpg", "emu"));
        var test = Set("test", ("1.jpg", "cow"), ("8.jpg", "cat"), ("9.jpg", "emu"), ("7.jpg", "owl"));
        var shared = QuestionSplits.Shared(train, test, TestContext.Current.CancellationToken);
        Assert.NotNull(shared);
        Assert.Equal((2, 4, 4), (shared.Count, shared.Of, shared.Questions));
        Assert.Equal(("'8.jpg'", "'2.jpg'"), (shared.TestImage, shared.TrainImage));
        Assert.Equal(
            "2 of the 4 images of dev, with 4 questions, are in the training data too: '8.jpg' is '2.jpg'. What was learnt by heart counts as seen there; divide the data by image.",
            shared.Warning("dev"));
    }

    [Fact]
    public void Images_of_one_name_and_other_contents_are_not_the_same() =>
        Assert.Null(QuestionSplits.Shared(Set("train", ("1.jpg", "dog")), Set("test", ("1.jpg", "cow")), TestContext.Current.CancellationToken));

    [Fact]
    public void Pairs_of_questions_have_the_numbers_of_the_questions()
    {
        var set = Set("train", ("1.jpg", "dog"), ("2.jpg", "cat"), ("3.jpg", "emu"));
        var pairs = QuestionPairs.Of("train", set);
        Assert.Equal(6, pairs.Count);
        Assert.Equal(set.Questions.Select(question => question.Question), pairs.ReadCaptions());
        using var loader = new BatchLoader(
            pairs, new CharTokenizer(), new FakeTransform(4), new BatchLoaderOptions { TextLength = 16, Seed = 5, Workers = 2, PrefetchBatches = 1, BatchSize = 4 });
        for (var batch = 0; batch < 3; batch++)
        {
            using var read = loader.Next(4, TestContext.Current.CancellationToken);
            for (var row = 0; row < 4; row++)
            {
                var expected = new int[16];
                var question = set.Questions[(int)read.Samples[row]];
                new CharTokenizer().EncodeRow(question.Question, expected);
                Assert.Equal(expected, read.Tokens[(row * 16)..((row + 1) * 16)]);
                Assert.Equal(new[] { "dog", "cat", "emu" }[question.Image], FakeTransform.TextOf(read.Images, row));
            }
        }
    }

    private QuestionedImages Set(string part, params (string Name, string Content)[] images)
    {
        Directory.CreateDirectory(_folder.File(part));
        foreach (var (name, content) in images)
        {
            File.WriteAllText(Path.Combine(_folder.File(part), name), content);
        }

        var source = FileImages.OfFiles([.. images.Select(image => new ImageFile(image.Name, Path.Combine(_folder.File(part), image.Name)))], new SourceOptions());
        return new QuestionedImages(source, [.. Enumerable.Range(0, 2 * images.Length).Select(i => new ImageQuestion($"{i}", i % images.Length, $"what {i}?", ["x"]))]);
    }
}
