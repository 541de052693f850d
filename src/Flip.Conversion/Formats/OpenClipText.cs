using Flip.Config;

namespace Flip.Conversion.Formats;

/// <summary>What an open_clip configuration says of a text's tokens.</summary>
/// <param name="Tokenizer">Name of a Hugging Face tokenizer, <c>.</c> for the folder's own; null is CLIP's.</param>
/// <param name="Clean">What is done to a text first: whitespace, lower or canonicalize.</param>
/// <param name="StripsSeparator">[SEP] becomes padding.</param>
internal sealed record OpenClipTokens(string? Tokenizer, string? Clean, bool StripsSeparator);

/// <summary>open_clip's <c>text_cfg</c>: its own Transformer.</summary>
internal static class OpenClipText
{
    /// <summary>The text tower, the kind of its blocks, and what is said of tokens.</summary>
    public static (TextConfig Text, BlockKind Kind, OpenClipTokens Tokens) Read(ForeignPart text, bool quickGelu)
    {
        if (text.Has("hf_model_name"))
        {
            text.Refused("hf_model_name", "a Hugging Face text tower; Flip's is CLIP's Transformer");
            return (new TextConfig(), default, new OpenClipTokens(null, null, false));
        }

        if (text.OneOf("text_arch", "open_clip's modern text tower; Flip's is CLIP's Transformer", "clip", "modern") != "clip")
        {
            text.Refused("text_arch", "open_clip's modern text tower; Flip's is CLIP's Transformer");
            return (new TextConfig(), default, new OpenClipTokens(null, null, false));
        }

        OpenClipDescription.RefuseCustomBlocks(text);
        RefuseOthers(text);
        var causal = !text.Flag("no_causal_mask");
        var pooling = Pooling(text, causal);
        var eos = text.Text("pool_type") == "eos";
        var projected = text.OneOf("proj_type", "Flip's projection is one product, or none", "linear", "none") == "linear";
        var eosId = text.Size("eos_id", 2);
        var config = ClipDefaults.Model.Text with
        {
            VocabularySize = text.Size("vocab_size", 49408),
            Length = text.Size("context_length", 77),
            Width = text.Size("width", 512),
            Depth = text.Size("layers", 12),
            Heads = text.Size("heads", 8),
            MlpRatio = text.Positive("mlp_ratio", 4),
            Causal = causal,
            Pooling = pooling,
            EndOfText = pooling == TextPooling.EndOfText && !eos ? EndOfTextRule.Argmax : EndOfTextRule.Eos,
            EosTokenId = eos ? eosId : null,
            Projection = projected,
            ProjectionBias = text.Flag("proj_bias") && projected, // a projection that is not there has none
        };
        if (config.Width % config.Heads != 0)
        {
            text.Refused("width", $"no multiple of {config.Heads} heads");
        }

        var kind = OpenClipDescription.Kind(text, quickGelu);
        var tokens = Tokens(text);
        text.RefuseRest();
        return (config, kind, tokens);
    }

    private static TextPooling Pooling(ForeignPart text, bool causal)
    {
        var pooling = text.OneOf("pool_type", "argmax, eos, first and last are supported", "argmax", "eos", "first", "last") switch
        {
            "first" => TextPooling.FirstToken,
            "last" => TextPooling.LastToken,
            _ => TextPooling.EndOfText,
        };
        if (pooling == TextPooling.FirstToken && causal)
        {
            text.Refused("pool_type", "with a causal mask the first token sees nothing of the text");
        }

        return pooling;
    }

    private static OpenClipTokens Tokens(ForeignPart text)
    {
        var kwargs = text.Part("tokenizer_kwargs");
        var tokens = new OpenClipTokens(
            text.Text("hf_tokenizer_name"),
            kwargs.Has("clean") ? kwargs.OneOf("clean", "whitespace, lower and canonicalize are supported", "whitespace", "lower", "canonicalize") : null,
            kwargs.Flag("strip_sep_token"));
        kwargs.Refuse("language", "a token for the language, which Flip's tokenizers do not add");
        kwargs.Refuse("reduction_mask", "texts that are shortened at random");
        kwargs.Ignore("use_fast", "trust_remote_code");
        kwargs.RefuseRest();
        text.Refuse("tokenizer_mode", "another tokenizer than CLIP's or one of Hugging Face");
        text.OneOf("tokenizer_type", "another tokenizer than CLIP's or one of Hugging Face", string.Empty);
        return tokens;
    }

    private static void RefuseOthers(ForeignPart text)
    {
        text.Ignore("pad_id", "bos_id", "output_tokens", "final_ln_after_pool"); // the last one open_clip passes over too
        text.Ignore("hf_model_pretrained", "hf_proj_type", "hf_pooler_type", "hf_model_config", "tiktoken_name"); // of what is not there
        text.Ignore(
            "attention_mode", "pos_embed", "rope_temperature", "mlp_type", "norm_eps", "attn_gated", "pre_norm", "norm_placement",
            "zero_init_residual", "reg_tokens", "value_residual", "gate_bias"); // of the modern tower
        text.Refuse("embed_cls", "a class token behind the text (CoCa), which Flip's text tower does not have");
        text.Refuse("variable_text", "rows of any length");
        text.OneOf("norm_type", "Flip's norm is LayerNorm", "layernorm");
        text.Require("attention_bias", "attention without biases, which Flip's has");
        text.Require("mlp_bias", "an MLP without biases, which Flip's has");
    }
}
