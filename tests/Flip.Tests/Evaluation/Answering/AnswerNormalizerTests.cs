using System.Text.Json;
using Flip.Evaluation.Answering;

namespace Flip.Tests.Evaluation.Answering;

public class AnswerNormalizerTests
{
    [Fact]
    public void Both_stages_equal_the_official_script()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(SharedData.Golden("vqa-accuracy.json")));
        var texts = golden.RootElement.GetProperty("normalisation").EnumerateArray().ToList();
        Assert.Equal(121, texts.Count);
        foreach (var text in texts)
        {
            var answer = text.GetProperty("text").GetString()!;
            Assert.Equal(text.GetProperty("afterPunctuation").GetString(), AnswerNormalizer.WithoutMarks(answer));
            Assert.Equal(text.GetProperty("normalised").GetString(), AnswerNormalizer.Normalized(answer));
        }
    }

    [Theory]
    [InlineData("a", "")]
    [InlineData("None", "0")]
    [InlineData("dont", "don't")]
    [InlineData("couldntve", "couldntve")] // two apostrophes are missing
    [InlineData("couldn'tve", "couldn't've")]
    [InlineData("yall'd've", "y'all'd've")]
    [InlineData("'ow'sat", "'ow's'at")]
    [InlineData("somebody'd", "somebodyd")]
    [InlineData("shes", "shes")]
    [InlineData("Im", "im")]
    [InlineData("black,white 1,000", "blackwhite 1000")] // a comma between digits deletes all marks
    [InlineData("left/right, up", "left right up")]
    public void Quirks_of_the_script_are_kept(string answer, string normalised) => Assert.Equal(normalised, AnswerNormalizer.Normalized(answer));

    [Fact]
    public void The_first_32_full_stops_are_deleted() =>
        Assert.Equal("..", AnswerNormalizer.WithoutMarks(new string('.', 34)));

    [Fact]
    public void What_is_normalised_stays_as_it_is_where_no_mark_is_left()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(SharedData.Golden("vqa-accuracy.json")));
        foreach (var text in golden.RootElement.GetProperty("normalisation").EnumerateArray())
        {
            var once = AnswerNormalizer.Normalized(text.GetProperty("text").GetString()!);
            Assert.Equal(once, AnswerNormalizer.Normalized(once));
        }
    }
}
