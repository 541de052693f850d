using Flip.Storage;

namespace Flip.Conversion.Names;

/// <summary>The names of Hugging Face's <c>CLIPModel</c> and <c>SiglipModel</c>.</summary>
internal static class HuggingFaceNames
{
    /// <summary>Those of <c>CLIPModel</c>.</summary>
    public static NameTable Table { get; } = new(
        [
            new("image.patchEmbedding.weight", "vision_model.embeddings.patch_embedding.weight", TensorLayout.Convolution),
            new("image.classToken", "vision_model.embeddings.class_embedding"),
            new("image.positions", "vision_model.embeddings.position_embedding.weight"),
            .. NameTable.WeightAndBias("image.preNorm", "vision_model.pre_layrnorm"), // spelled so upstream
            .. Block("image", "vision_model"),
            .. NameTable.WeightAndBias("image.finalNorm", "vision_model.post_layernorm"),
            new("image.projection.weight", "visual_projection.weight"),
            new("text.tokenEmbedding", "text_model.embeddings.token_embedding.weight"),
            new("text.positions", "text_model.embeddings.position_embedding.weight"),
            .. Block("text", "text_model"),
            .. NameTable.WeightAndBias("text.finalNorm", "text_model.final_layer_norm"),
            new("text.projection.weight", "text_projection.weight"),
            new("logitScale", "logit_scale", TensorLayout.Scalar),
        ],
        "position_ids");

    /// <summary>Those of <c>SiglipModel</c>.</summary>
    public static NameTable Siglip { get; } = new(
        [
            new("image.patchEmbedding.weight", "vision_model.embeddings.patch_embedding.weight", TensorLayout.Convolution),
            new("image.patchEmbedding.bias", "vision_model.embeddings.patch_embedding.bias"),
            new("image.positions", "vision_model.embeddings.position_embedding.weight"),
            .. Block("image", "vision_model"),
            .. NameTable.WeightAndBias("image.finalNorm", "vision_model.post_layernorm"),
            new("image.pooling.latent", "vision_model.head.probe", TensorLayout.OneToken),
            new("image.pooling.attention.qkv.weight", "vision_model.head.attention.in_proj_weight"),
            new("image.pooling.attention.qkv.bias", "vision_model.head.attention.in_proj_bias"),
            .. NameTable.WeightAndBias("image.pooling.attention.out", "vision_model.head.attention.out_proj"),
            .. NameTable.WeightAndBias("image.pooling.norm", "vision_model.head.layernorm"),
            .. NameTable.WeightAndBias("image.pooling.mlp.fc1", "vision_model.head.mlp.fc1"),
            .. NameTable.WeightAndBias("image.pooling.mlp.fc2", "vision_model.head.mlp.fc2"),
            new("text.tokenEmbedding", "text_model.embeddings.token_embedding.weight"),
            new("text.positions", "text_model.embeddings.position_embedding.weight"),
            .. Block("text", "text_model"),
            .. NameTable.WeightAndBias("text.finalNorm", "text_model.final_layer_norm"),
            .. NameTable.WeightAndBias("text.projection", "text_model.head"),
            new("logitScale", "logit_scale"), // one number with an axis
            new("logitBias", "logit_bias"),
        ],
        "position_ids");

    private static IEnumerable<NameRow> Block(string ours, string theirs)
    {
        var layer = $"{theirs}.encoder.layers.{{n}}";
        return
        [
            .. NameTable.WeightAndBias($"{ours}.blocks.{{n}}.norm1", $"{layer}.layer_norm1"),
            .. NameTable.WeightAndBias($"{ours}.blocks.{{n}}.attention.qkv", $"{layer}.self_attn.(q|k|v)_proj"),
            .. NameTable.WeightAndBias($"{ours}.blocks.{{n}}.attention.out", $"{layer}.self_attn.out_proj"),
            .. NameTable.WeightAndBias($"{ours}.blocks.{{n}}.norm2", $"{layer}.layer_norm2"),
            .. NameTable.WeightAndBias($"{ours}.blocks.{{n}}.mlp.fc1", $"{layer}.mlp.fc1"),
            .. NameTable.WeightAndBias($"{ours}.blocks.{{n}}.mlp.fc2", $"{layer}.mlp.fc2"),
        ];
    }
}
