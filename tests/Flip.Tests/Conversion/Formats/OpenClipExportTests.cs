using Flip.Config;
using Flip.Conversion;
using Flip.Conversion.Formats;

namespace Flip.Tests.Conversion.Formats;

public class OpenClipExportTests
{
    private static readonly FlipConfig Paper = Presets.Get("flip-b16").Config;

    [Theory]
    [InlineData("flip-b16", "model.activation=gelu", "vit_base_patch16_siglip_gap_224")]
    [InlineData("flip-h14", "model.activation=gelu", "vit_huge_patch14_gap_224")]
    [InlineData("flip-b16", "model.activation=gelu model.image.imageSize=384", "vit_base_patch16_siglip_gap_384")]
    [InlineData("flip-l16", "model.activation=gelu model.image.imageSize=256", "vit_large_patch16_siglip_gap_256")]
    [InlineData("flip-l16", "model.image.imageSize=512", "vit_large_patch16_siglip_gap_512")]
    [InlineData("flip-l14", "model.activation=gelu model.image.classToken=withPosition model.image.pooling=classToken", "vit_large_patch14_224")]
    [InlineData("flip-b16", "model.activation=gelu model.image.classToken=withPosition model.image.pooling=patchMean", "vit_base_patch16_224")]
    public void A_tower_that_timm_has_a_name_for_is_written_by_name(string preset, string sets, string name)
    {
        var config = ConfigReader.Overlay(Presets.Get(preset).Config, sets.Split(' '));
        Assert.Null(OpenClipExport.Needs(config.Model));
        var vision = OpenClipExport.Describe(config)["model_cfg"]!["vision_cfg"]!;
        Assert.Equal(name, vision["timm_model_name"]!.GetValue<string>());
        Assert.Null(vision["timm_model_kwargs"]);
        ModelWriter.CheckOpens(config, WeightFormat.OpenClip);
    }

    [Theory]
    [InlineData("flip-b16", "model.activation=gelu")] // what would open
    [InlineData("flip-l16", "--for open_clip")]
    [InlineData("flip-b16-code", "--for open_clip")]
    public void Any_other_says_which_open_clip_it_needs(string preset, string advice)
    {
        var config = Presets.Get(preset).Config;
        var note = Assert.Single(ModelWriter.Notes(config, WeightFormat.OpenClip));
        Assert.Contains("3.3.0", note, StringComparison.Ordinal);
        Assert.Contains(advice, note, StringComparison.Ordinal);
        Assert.Empty(ModelWriter.Notes(config, WeightFormat.Flip));
        Assert.Equal(note, Assert.Throws<ConfigException>(() => ModelWriter.CheckOpens(config, WeightFormat.OpenClip)).Message);
    }

    [Theory]
    [InlineData("flip-b16-openclip")]
    [InlineData("flip-l14-openclip")]
    [InlineData("flip-h14-openclip")]
    public void The_sisters_open_in_both_libraries(string preset)
    {
        var config = Presets.Get(preset).Config;
        Assert.Empty(ModelWriter.Notes(config, WeightFormat.OpenClip));
        ModelWriter.CheckOpens(config, WeightFormat.OpenClip);
        ModelWriter.CheckOpens(config, WeightFormat.HuggingFace);
    }

    [Theory]
    [InlineData(EvalTransform.Squash, Interpolation.Bilinear, "squash", "bilinear")]
    [InlineData(EvalTransform.Clip, Interpolation.Bicubic, "shortest", "bicubic")]
    [InlineData(EvalTransform.Flip, Interpolation.Bicubic, "shortest", "bicubic")]
    public void The_transform_goes_along(EvalTransform transform, Interpolation interpolation, string mode, string kernel)
    {
        var preprocess = OpenClipExport.Describe(Paper with { Eval = Paper.Eval with { Transform = transform, Interpolation = interpolation } })["preprocess_cfg"]!;
        Assert.Equal((mode, kernel), (preprocess["resize_mode"]!.GetValue<string>(), preprocess["interpolation"]!.GetValue<string>()));
    }
}
