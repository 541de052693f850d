using Flip.Config;

namespace Flip.Tests.Config;

public class ConfigRulesTests
{
    [Theory]
    [InlineData("model.image.imageSize=225", "model.image.imageSize = 225: must be a multiple of model.image.patchSize = 16")]
    [InlineData("model.image.heads=11", "model.image.width = 768: must be a multiple of model.image.heads = 11")]
    [InlineData("model.text.heads=7", "model.text.width = 512: must be a multiple of model.text.heads = 7")]
    [InlineData("model.image.pooling=classToken", "model.image.pooling = classToken: needs a class token, not model.image.classToken = none")]
    [InlineData("model.image.pooling=patchMean", "model.image.pooling = patchMean: leaves out a class token; without one it is mean, with model.image.classToken = none")]
    [InlineData("model.image.maskRatio=0.995", "model.image.maskRatio = 0.995: must leave at least one of 196 patches (224 / 16 squared)")]
    [InlineData(
        "model.image.finalMaskRatio=0.999",
        "model.image.finalMaskRatio = 0.999: must leave at least one of 196 patches (224 / 16 squared)")]
    [InlineData("model.text.maskRatio=0.97", "model.text.maskRatio = 0.97: must leave at least one token of model.text.length = 32")]
    [InlineData("model.text.causal=true", "model.text.pooling = firstToken: would see the first word alone with model.text.causal = true")]
    [InlineData(
        "model.text.pooling=endOfText",
        "model.text.pooling = endOfText: needs clipBpe, whose rows end in a marker, not data.tokenizer = wordPiece")]
    [InlineData(
        "model.image.mlpRatio=0.001",
        "model.image.mlpRatio = 0.001: leaves the MLP a width beyond 1 to 2147483647 with model.image.width = 768")]
    [InlineData("model.image.projection=false", "model.image.projection = false: needs a width of 512 (model.embedDim), not model.image.width = 768")]
    [InlineData("model.image.imageSize=8", "model.image.imageSize = 8: must be a multiple of model.image.patchSize = 16")]
    [InlineData("eval.on=[\"\"]", "eval.on = [\"\"]: must be a list of texts that are not empty, each in one line")]
    [InlineData("eval.on=[null]", "eval.on = [null]: must be a list of texts that are not empty, each in one line")]
    [InlineData("eval.on=[1]", "eval.on = [1]: must be a list of texts that are not empty, each in one line")]
    [InlineData(
        "train.batchSize=1",
        "train.batchSize = 1: must be at least 2: a pair alone is contrasted with nothing, and its loss is always 0")]
    [InlineData("train.microBatch=40000", "train.microBatch = 40000: must be at most train.batchSize = 32768")]
    [InlineData("train.samples=90%", "train.samples = 90%: is the whole itself, so it cannot be a percentage")]
    [InlineData("train.checkpointEvery=0", "train.checkpointEvery = \"0 samples\": must be above 0")]
    [InlineData("train.logEvery=0 steps", "train.logEvery = \"0 steps\": must be above 0")]
    [InlineData("eval.every=0%", "eval.every = 0%: must be above 0, or null")]
    [InlineData("train.warmup=101%", "train.warmup = 101%: must be no longer than train.samples = \"12800000000 samples\"")]
    [InlineData("train.warmup=20B", "train.warmup = \"20000000000 samples\": must be no longer than train.samples = \"12800000000 samples\"")]
    [InlineData("train.warmup=400000 steps", "train.warmup = \"400000 steps\": must be no longer than train.samples = \"12800000000 samples\"")]
    public void Settings_that_contradict_each_other_are_named_together(string set, string problem)
    {
        Assert.Equal([problem], Problems(null, set));
    }

    [Theory]
    [InlineData(
        new[] { "eval.interpolation=bilinear", "eval.transform=flipTensorFlow" },
        "eval.interpolation = bilinear: has no meaning with TensorFlow's bicubic resize, eval.transform = flipTensorFlow")]
    [InlineData(
        new[] { "model.text.pooling=lastToken", "model.text.attendPadding=false" },
        "model.text.pooling = lastToken: reads a position that may be padding, so padding cannot be masked by model.text.attendPadding = false")]
    [InlineData(
        new[] { "model.image.classToken=withPosition", "model.image.pooling=classToken", "model.image.finalNorm=afterPooling" },
        "model.image.finalNorm = afterPooling: is the same as beforePooling, and is called so, with model.image.pooling = classToken")]
    [InlineData(
        new[] { "model.image.pooling=attention", "model.image.finalNorm=afterPooling" },
        "model.image.finalNorm = afterPooling: is not what attention pools by, which has a LayerNorm of its own behind it, with model.image.pooling = attention")]
    [InlineData(
        new[] { "model.text.projection=false", "model.text.width=768" },
        "model.text.projection = false: needs a width of 512 (model.embedDim), not model.text.width = 768")]
    [InlineData(
        new[] { "model.text.projection=false", "model.text.projectionBias=true" },
        "model.text.projectionBias = true: is of a projection, which there is none of with model.text.projection = false")]
    [InlineData(
        new[] { "model.image.positions=learned", "model.image.imageSize=8" },
        "model.image.imageSize = 8: must be a multiple of model.image.patchSize = 16")]
    [InlineData(
        new[] { "model.reconstruction.weight=1", "model.image.finalNorm=none" },
        "model.reconstruction.weight = 1: needs the patches' normalised outputs (beforePooling), not model.image.finalNorm = none")]
    [InlineData(
        new[] { "train.spikeFactor=10", "train.spikeAction=rollback", "model.image.finalMaskRatio=0" },
        "train.spikeAction = rollback: needs one mask ratio for the whole training, since the samples behind a spike come earlier in it, not model.image.finalMaskRatio = 0")]
    public void Settings_that_only_together_have_no_meaning_are_named(string[] sets, string problem) => Assert.Equal([problem], Problems(null, sets));

    [Fact]
    public void A_row_of_byte_pair_encoding_has_room_for_its_two_markers()
    {
        Assert.Equal(
            ["model.text.length = 1: must be at least 2, for the two markers of data.tokenizer = clipBpe"],
            Problems(null, "model.text.length=1", "model.text.maskRatio=0", "data.tokenizer=clipBpe"));
        Assert.Empty(Problems(null, "model.text.length=2", "model.text.maskRatio=0", "data.tokenizer=clipBpe"));
        Assert.Empty(Problems(null, "model.text.length=1", "model.text.maskRatio=0"));
    }

    [Fact]
    public void Learned_positions_allow_an_image_that_is_no_multiple_of_its_patches() =>
        Assert.Empty(Problems(null, "model.image.positions=learned", "model.image.imageSize=384", "model.image.patchSize=14"));

    [Fact]
    public void Warm_up_and_cool_down_share_the_training()
    {
        string[] sets = ["train.warmup=50%", "train.cooldown=60%"];
        Assert.Empty(Problems(null, sets));
        Assert.Equal(
            ["train.warmup = 50%: must fit in train.samples together with train.cooldown = 60%"],
            Problems(null, [.. sets, "train.schedule=constantCooldown"]));
        Assert.Empty(Problems(null, [.. sets, "train.schedule=constantCooldown", "train.cooldown=50%"]));
    }

    [Fact]
    public void A_training_shorter_than_a_step_is_refused()
    {
        Assert.Equal(
            ["train.samples = \"127 samples\": must be at least one step of train.batchSize = 128"],
            Problems("tiny", "train.samples=127"));
        Assert.Empty(Problems("tiny", "train.samples=256"));
        Assert.Empty(Problems("tiny", "train.samples=1 steps"));
    }

    [Fact]
    public void Sin_cos_positions_need_a_width_in_fours_and_learned_ones_do_not()
    {
        string[] sets = ["model.image.width=54", "model.image.heads=6"];
        Assert.Equal(
            ["model.image.width = 54: must be a multiple of 4 with model.image.positions = sinCos"], Problems(null, sets));
        Assert.Empty(Problems(null, [.. sets, "model.image.positions=learned"]));
    }

    [Fact]
    public void A_reconstruction_is_checked_only_when_it_is_on()
    {
        string[] sets = ["model.reconstruction.width=66", "model.reconstruction.heads=16", "model.image.maskRatio=0"];
        Assert.Empty(Problems(null, sets));
        Assert.Equal(
            [
                "model.reconstruction.width = 66: must be a multiple of model.reconstruction.heads = 16",
                "model.reconstruction.width = 66: must be a multiple of 4, for the decoder's sin-cos positions",
                "model.reconstruction.weight = 0.1: has no removed patches to reconstruct with model.image.maskRatio = 0",
            ],
            Problems(null, [.. sets, "model.reconstruction.weight=0.1"]));
    }

    [Theory]
    [InlineData("0.9", false)]
    [InlineData("0.89", true)]
    public void Kept_tokens_are_counted_in_double_as_the_reference_does(string ratio, bool allowed)
    {
        // 10 (1 - 0.9) is 0.9999999999999998 in double, which keeps none.
        string[] sets = ["model.text.length=10", $"model.text.maskRatio={ratio}"];
        Assert.Equal(allowed, Problems(null, sets).Count == 0);
    }

    [Fact]
    public void A_rule_is_silent_where_one_of_its_settings_was_refused_already()
    {
        Assert.Equal(
            ["model.image.patchSize = 0: must be a whole number, from 1 to 1024"],
            Problems(null, "model.image.patchSize=0", "model.image.imageSize=225"));
    }

    [Fact]
    public void The_clip_conventions_are_allowed()
    {
        Assert.Empty(Problems(
            null,
            "model.image.classToken=withPosition",
            "model.image.pooling=classToken",
            "model.image.positions=learned",
            "model.text.causal=true",
            "model.text.pooling=endOfText",
            "data.tokenizer=clipBpe",
            "train.device=cuda:1"));
    }

    private static IReadOnlyList<string> Problems(string? preset, params string[] sets)
    {
        try
        {
            ConfigReader.Resolve(preset, null, sets);
            return [];
        }
        catch (ConfigException e)
        {
            return e.Problems;
        }
    }
}
