namespace Flip.Tests.Cli.Commands;

[Collection(Alone.Name)]
public sealed class ConfigOptionsTests
{
    [Theory]
    [InlineData("open_clip")]
    [InlineData("hf")]
    public void A_training_for_another_library_takes_the_sister_with_CLIP_towers(string library)
    {
        var (code, output, _) = CommandRun.Run(["config", "--preset", "flip-b16", "--for", library, "-s", "model.image.maskRatio=0.75"]);
        Assert.Equal(0, code);
        var sister = CommandRun.Run(["config", "--preset", "flip-b16-openclip", "-s", "model.image.maskRatio=0.75"]);
        Assert.Equal(sister.Output, output);
    }

    [Fact]
    public void What_would_not_open_there_is_refused_before_the_training()
    {
        CommandRun.AssertFails(["train", "--preset", "small", "--for", "open_clip", "--data", "x"], "preset = small: has no sister", "flip-b16-openclip");
        CommandRun.AssertFails(["train", "--for", "open_clip", "--data", "x"], "--for goes with --preset");
        CommandRun.AssertFails(
            ["train", "--preset", "flip-b16", "--for", "open_clip", "--data", "x", "-s", "model.image.classToken=withoutPosition"], "3.3.0");
        CommandRun.AssertFails(
            ["train", "--preset", "flip-b16", "--for", "hf", "--data", "x", "-s", "model.image.preNorm=false"], "no LayerNorm before the first block");
    }
}
