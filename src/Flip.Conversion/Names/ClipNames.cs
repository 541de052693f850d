using Flip.Storage;

namespace Flip.Conversion.Names;

/// <summary>The names of OpenAI's CLIP, which open_clip has too, with the two variations that open_clip adds.</summary>
internal static class ClipNames
{
    /// <summary>OpenAI's names.</summary>
    public static NameTable OpenAi { get; } = OpenClip(ownTextTower: false, timmTrunk: false);

    /// <summary>open_clip's names.</summary>
    /// <param name="ownTextTower">A model with <c>custom_text</c>, whose text tower's names begin with <c>text.</c>.</param>
    /// <param name="timmTrunk">A model whose image tower is timm's.</param>
    /// <param name="featureNorm">timm's tower was built with its last norm behind the pooling, where it has another name.</param>
    /// <param name="textProjectionBias">The text's projection has a bias (SigLIP), and is then a layer instead of a matrix.</param>
    public static NameTable OpenClip(bool ownTextTower, bool timmTrunk, bool featureNorm = false, bool textProjectionBias = false) => new(
        [
            .. timmTrunk ? Trunk(featureNorm ? "fc_norm" : "norm") : Visual(),
            .. Text(ownTextTower ? "text." : string.Empty, textProjectionBias),
            .. Scales(),
        ],
        "attn_mask", "input_resolution", "context_length", "vocab_size");

    private static IEnumerable<NameRow> Visual() =>
    [
        new("image.patchEmbedding.weight", "visual.conv1.weight", TensorLayout.Convolution),
        new("image.classToken", "visual.class_embedding"),
        new("image.positions", "visual.positional_embedding"),
        .. NameTable.WeightAndBias("image.preNorm", "visual.ln_pre"),
        .. Block("image", "visual.transformer"),
        .. NameTable.WeightAndBias("image.finalNorm", "visual.ln_post"),
        new("image.projection.weight", "visual.proj", TensorLayout.Transposed),
    ];

    private static IEnumerable<NameRow> Trunk(string finalNorm)
    {
        const string block = "visual.trunk.blocks.{n}";
        return
        [
            new("image.patchEmbedding.weight", "visual.trunk.patch_embed.proj.weight", TensorLayout.Convolution),
            new("image.patchEmbedding.bias", "visual.trunk.patch_embed.proj.bias"),
            new("image.classToken", "visual.trunk.cls_token", TensorLayout.OneToken),
            new("image.positions", "visual.trunk.pos_embed", TensorLayout.OneTable),
            .. NameTable.WeightAndBias("image.preNorm", "visual.trunk.norm_pre"),
            .. NameTable.WeightAndBias("image.blocks.{n}.norm1", $"{block}.norm1"),
            .. NameTable.WeightAndBias("image.blocks.{n}.attention.qkv", $"{block}.attn.qkv"),
            .. NameTable.WeightAndBias("image.blocks.{n}.attention.out", $"{block}.attn.proj"),
            .. NameTable.WeightAndBias("image.blocks.{n}.norm2", $"{block}.norm2"),
            .. NameTable.WeightAndBias("image.blocks.{n}.mlp.fc1", $"{block}.mlp.fc1"),
            .. NameTable.WeightAndBias("image.blocks.{n}.mlp.fc2", $"{block}.mlp.fc2"),
            .. NameTable.WeightAndBias("image.finalNorm", $"visual.trunk.{finalNorm}"),
            .. AttentionPool("visual.trunk.attn_pool"),
            new("image.projection.weight", "visual.head.proj.weight"),
        ];
    }

    private static IEnumerable<NameRow> AttentionPool(string theirs) =>
    [
        new("image.pooling.latent", $"{theirs}.latent", TensorLayout.OneToken),
        .. NameTable.WeightAndBias("image.pooling.attention.qkv", $"{theirs}.(q|kv)").Select(row => row with { Shares = [1, 2] }),
        .. NameTable.WeightAndBias("image.pooling.attention.out", $"{theirs}.proj"),
        .. NameTable.WeightAndBias("image.pooling.norm", $"{theirs}.norm"),
        .. NameTable.WeightAndBias("image.pooling.mlp.fc1", $"{theirs}.mlp.fc1"),
        .. NameTable.WeightAndBias("image.pooling.mlp.fc2", $"{theirs}.mlp.fc2"),
    ];

    private static IEnumerable<NameRow> Text(string prefix, bool projectionBias) =>
    [
        new("text.tokenEmbedding", $"{prefix}token_embedding.weight"),
        new("text.positions", $"{prefix}positional_embedding"),
        .. Block("text", $"{prefix}transformer"),
        .. NameTable.WeightAndBias("text.finalNorm", $"{prefix}ln_final"),
        .. projectionBias
            ? NameTable.WeightAndBias("text.projection", $"{prefix}text_projection")
            : [new("text.projection.weight", $"{prefix}text_projection", TensorLayout.Transposed)],
    ];

    private static IEnumerable<NameRow> Block(string ours, string theirs) =>
    [
        .. NameTable.WeightAndBias($"{ours}.blocks.{{n}}.norm1", $"{theirs}.resblocks.{{n}}.ln_1"),
        new($"{ours}.blocks.{{n}}.attention.qkv.weight", $"{theirs}.resblocks.{{n}}.attn.in_proj_weight"),
        new($"{ours}.blocks.{{n}}.attention.qkv.bias", $"{theirs}.resblocks.{{n}}.attn.in_proj_bias"),
        .. NameTable.WeightAndBias($"{ours}.blocks.{{n}}.attention.out", $"{theirs}.resblocks.{{n}}.attn.out_proj"),
        .. NameTable.WeightAndBias($"{ours}.blocks.{{n}}.norm2", $"{theirs}.resblocks.{{n}}.ln_2"),
        .. NameTable.WeightAndBias($"{ours}.blocks.{{n}}.mlp.fc1", $"{theirs}.resblocks.{{n}}.mlp.c_fc"),
        .. NameTable.WeightAndBias($"{ours}.blocks.{{n}}.mlp.fc2", $"{theirs}.resblocks.{{n}}.mlp.c_proj"),
    ];

    private static IEnumerable<NameRow> Scales() =>
        [new("logitScale", "logit_scale", TensorLayout.Scalar), new("logitBias", "logit_bias", TensorLayout.Scalar)];
}
