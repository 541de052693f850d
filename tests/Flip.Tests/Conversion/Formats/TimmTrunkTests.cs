using Flip.Config;
using Flip.Conversion.Formats;

namespace Flip.Tests.Conversion.Formats;

/// <summary>Facts of timm 1.0, whose 79 models of these names were compared with the table.</summary>
public class TimmTrunkTests
{
    [Theory]
    [InlineData("vit_tiny_patch16_224", 192, 12, 3, 4, "token", Activation.Gelu, 1e-6)]
    [InlineData("vit_giant_patch14_clip_224", 1408, 40, 16, 48 / 11.0, "token", Activation.Gelu, 1e-5)]
    [InlineData("vit_gigantic_patch14_clip_quickgelu_224", 1664, 48, 16, 64 / 13.0, "token", Activation.QuickGelu, 1e-5)]
    [InlineData("vit_so400m_patch14_siglip_gap_224", 1152, 27, 16, 3.7362, "avg", Activation.Gelu, 1e-6)]
    [InlineData("vit_so400m_patch16_siglip_gap_256", 1152, 27, 16, 3.7362, "avg", Activation.GeluTanh, 1e-6)]
    [InlineData("vit_base_patch16_gap_224", 768, 12, 16, 4, "avg", Activation.Gelu, 1e-6)]
    [InlineData("vit_base_patch32_siglip_256.v2_webli", 768, 12, 12, 4, "map", Activation.GeluTanh, 1e-6)]
    [InlineData("vit_large_patch16_siglip_gap_512", 1024, 24, 16, 4, "avg", Activation.GeluTanh, 1e-6)]
    public void A_name_says_what_the_model_is(string name, int width, int depth, int heads, double ratio, string pool, Activation activation, double eps)
    {
        var trunk = TimmTrunk.Find(name)!;
        Assert.Equal((width, depth, heads, ratio, pool), (trunk.Width, trunk.Depth, trunk.Heads, trunk.MlpRatio, trunk.Pool));
        Assert.Equal(new BlockKind(activation, eps), trunk.Kind);
        Assert.Equal(name.Contains("clip_", StringComparison.Ordinal), trunk.PreNorm);
    }

    [Theory]
    [InlineData("vit_base_patch16_reg4_gap_256")]
    [InlineData("vit_base_patch14_dinov2")]
    [InlineData("vit_base_patch16_plus_240")]
    [InlineData("vit_medium_patch16_gap_240")]
    [InlineData("resnet50")]
    [InlineData("")]
    public void Models_that_are_not_plain_are_not_found(string name) => Assert.Null(TimmTrunk.Find(name));
}
