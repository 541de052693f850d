using Flip.Config;
using Flip.Conversion.Onnx;
using Flip.Tests.Models;
using Flip.Tokenizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Conversion.Onnx;

public sealed class OnnxExporterTests : IDisposable
{
    private static readonly ModelConfig Paper = TinyModels.Paper;

    private static readonly Dictionary<string, ModelConfig> Singles = new()
    {
        ["CLIP"] = TinyModels.Clip,
        ["stretched positions"] = Paper with { Image = Paper.Image with { PositionGrid = 3 } },
        ["one patch"] = Paper with { Image = Paper.Image with { PatchSize = 16, ClassToken = ClassToken.WithoutPosition } },
        ["no patch bias"] = Paper with { Image = Paper.Image with { PatchBias = false } },
        ["norm before the blocks"] = Paper with { Image = Paper.Image with { PreNorm = true } },
        ["exact GELU"] = Paper with { Activation = Activation.Gelu },
        ["quick GELU"] = Paper with { Activation = Activation.QuickGelu },
        ["large epsilons"] = Paper with { LayerNormEps = 0.5, NormEps = 0.25 },
        ["half's pixels"] = Paper with { Image = Paper.Image with { Normalization = PixelNormalization.Half } },
        ["other widths"] = Paper with
        {
            Image = Paper.Image with { MlpRatio = 2.3, Heads = 1, Depth = 1 },
            Text = Paper.Text with { MlpRatio = 0.5, Heads = 6, Depth = 3, Length = 1 },
        },
        ["towers of two kinds"] = Paper with
        {
            Image = Paper.Image with { Activation = Activation.Gelu, LayerNormEps = 1e-2 },
            Activation = Activation.QuickGelu,
            LayerNormEps = 1e-3,
        },
        ["the largest id"] = TinyModels.Clip with { Text = TinyModels.Clip.Text with { EndOfText = EndOfTextRule.Argmax } },
        ["an end marker of its own"] = TinyModels.Clip with { Text = TinyModels.Clip.Text with { EosTokenId = 17 } },
        ["SigLIP"] = Paper with
        {
            Image = Paper.Image with { Positions = ImagePositions.Learned, Pooling = ImagePooling.Attention, Projection = false, ImageSize = 18, Width = 12, Heads = 3 },
            Text = Paper.Text with { Pooling = TextPooling.LastToken, ProjectionBias = true },
            EmbedDim = 12,
        },
        ["texts without a projection"] = Paper with { Text = Paper.Text with { Projection = false }, EmbedDim = 12 },
        ["a decoder"] = Paper with { Reconstruction = new ReconstructionConfig { Weight = 1, Width = 8, Depth = 1, Heads = 2 } },
    };

    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public static TheoryData<string> SingleNames => [.. Singles.Keys];

    public static TheoryData<ClassToken, ImagePositions, ImagePooling, FinalNorm> ImageVariants => [..
        from token in Enum.GetValues<ClassToken>()
        from positions in Enum.GetValues<ImagePositions>()
        from pooling in Enum.GetValues<ImagePooling>()
        from norm in positions == ImagePositions.Learned ? Enum.GetValues<FinalNorm>() : [FinalNorm.BeforePooling]
        where pooling is ImagePooling.Mean or ImagePooling.Attention || token != ClassToken.None
        where norm != FinalNorm.AfterPooling || pooling is not (ImagePooling.ClassToken or ImagePooling.Attention)
        select (token, positions, pooling, norm)];

    public static TheoryData<bool, bool, TextPooling> TextVariants => [..
        from causal in new[] { false, true }
        from attendPadding in new[] { false, true }
        from pooling in Enum.GetValues<TextPooling>()
        where attendPadding || pooling != TextPooling.LastToken
        select (causal, attendPadding, pooling)];

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(SingleNames))]
    public void An_export_computes_what_the_model_does(string name) => AssertEqual(Singles[name]);

    [Theory]
    [MemberData(nameof(ImageVariants))]
    public void Every_image_tower_is_exported(ClassToken token, ImagePositions positions, ImagePooling pooling, FinalNorm norm) => AssertEqual(
        Paper with { Image = Paper.Image with { ClassToken = token, Positions = positions, Pooling = pooling, FinalNorm = norm } });

    [Theory]
    [MemberData(nameof(TextVariants))]
    public void Every_text_tower_is_exported(bool causal, bool attendPadding, TextPooling pooling) => AssertEqual(
        Paper with { Text = Paper.Text with { Causal = causal, AttendPadding = attendPadding, Pooling = pooling } });

    [Theory]
    [InlineData(LogitScaleClamp.Forward, LossKind.InfoNce)]
    [InlineData(LogitScaleClamp.Parameter, LossKind.InfoNce)]
    [InlineData(LogitScaleClamp.Forward, LossKind.Sigmoid)]
    public void Logits_have_their_scale_and_bias(LogitScaleClamp clamp, LossKind loss)
    {
        using var model = TinyModels.Make(Paper with { LogitScaleClamp = clamp }, loss);
        TinyModels.Fill(model.LogitScale, 5); // beyond ln 100
        OnnxAssert.Within(OnnxExporter.Export(model, _folder.Path, [OnnxPrecision.Fp32]), 1e-6, 1e-4);
    }

    [Theory]
    [InlineData("flip-tiny")]
    [InlineData("flip-paper-tiny")]
    public void Outputs_equal_the_official_code(string name)
    {
        using var fixture = new OfficialFlipFixture(name);
        using var model = fixture.Model();
        OnnxExporter.Export(model, _folder.Path, [OnnxPrecision.Fp32]);
        using var joint = new OnnxSession(_folder.File(OnnxExporter.JointFile));
        var outputs = joint.Run(
            ("pixel_values", fixture.Images.permute(0, 3, 1, 2).contiguous().data<float>().ToArray(), [6, 3, 32, 32]),
            ("input_ids", fixture.Tokens.data<long>().ToArray(), [6, 12]),
            ("attention_mask", new long[6 * 12], [6, 12])); // which this tower does not read
        OnnxAssert.Close(fixture.Output("unmasked/image_embedding"), outputs["image_embeds"], 2e-6);
        OnnxAssert.Close(fixture.Output("text_embedding"), outputs["text_embeds"], 2e-6);
        OnnxAssert.Close(fixture.Output("unmasked/logits"), outputs["logits_per_image"], 5e-5);
        OnnxAssert.Close(fixture.Output("unmasked/logits").t().contiguous(), outputs["logits_per_text"], 5e-5);
    }

    [Fact]
    public void The_two_batches_are_of_any_size()
    {
        using var model = TinyModels.Make(Paper);
        OnnxExporter.Export(model, _folder.Path, [OnnxPrecision.Fp32]);
        using var joint = new OnnxSession(_folder.File(OnnxExporter.JointFile));
        Assert.Equal(["image_batch", "", "", ""], joint.Session.InputMetadata["pixel_values"].SymbolicDimensions);
        Assert.Equal(["text_batch", "text_tokens"], joint.Session.InputMetadata["input_ids"].SymbolicDimensions);
        Assert.Equal(["text_batch", "text_tokens"], joint.Session.InputMetadata["attention_mask"].SymbolicDimensions);
        Assert.Equal(["text_batch", "image_batch"], joint.Session.OutputMetadata["logits_per_text"].SymbolicDimensions);

        var pixels = randn(3, 3, 16, 16, generator: new Generator(1)).data<float>().ToArray();
        var ids = randint(0, 30, [5, 8], ScalarType.Int64, generator: new Generator(2)).data<long>().ToArray();
        var many = joint.Run(("pixel_values", pixels, [3, 3, 16, 16]), ("input_ids", ids, [5, 8]), ("attention_mask", new long[40], [5, 8]));
        Assert.Equal(15, many["logits_per_image"].Length);
        var last = joint.Run(("pixel_values", pixels[(2 * 768)..], [1, 3, 16, 16]), ("input_ids", ids[32..], [1, 8]), ("attention_mask", new long[8], [1, 8]));
        OnnxAssert.Close(many["image_embeds"][16..], last["image_embeds"], 1e-6);
        OnnxAssert.Close(many["text_embeds"][32..], last["text_embeds"], 1e-6);
        OnnxAssert.Close(many["logits_per_image"][14..], last["logits_per_image"], 1e-5);
    }

    [Fact]
    public void The_first_end_of_text_is_read_though_padding_repeats_it()
    {
        using var model = TinyModels.Make(TinyModels.Clip);
        OnnxExporter.Export(model, _folder.Path, [OnnxPrecision.Fp32], TinyModels.Tokenizer);
        using var texts = new OnnxSession(_folder.File(OnnxExporter.TextFile));
        long[] ids = [4, 9, 29, 29, 29, 29, 29, 29];
        using var noGrad = no_grad();
        var expected = model.EncodeText(tensor(ids).view(1, 8), tensor(new[] { 3L }));
        OnnxAssert.Close(expected, texts.Run(("input_ids", ids, [1, 8]))["text_embeds"], 1e-6);
    }

    [Fact]
    public void An_empty_caption_is_embedded_as_the_model_does()
    {
        var masked = Paper with { Text = Paper.Text with { AttendPadding = false, Pooling = TextPooling.Mean } };
        using var model = TinyModels.Make(masked);
        OnnxExporter.Export(model, _folder.Path, [OnnxPrecision.Fp32]);
        var differences = OnnxCheck.Compare(model, _folder.Path, new OnnxInputs(model.Config, new byte[768], new int[16], new[] { 0, 2 }), [OnnxPrecision.Fp32]);
        OnnxAssert.Within(differences, 1e-6, 1e-5);
    }

    [Fact]
    public void Without_a_tokenizer_a_text_ends_at_the_largest_id_as_in_CLIP()
    {
        using var model = TinyModels.Make(TinyModels.Clip); // 30 ids
        OnnxAssert.Within(OnnxExporter.Export(model, _folder.Path, [OnnxPrecision.Fp32]), 1e-6, 2e-5);
        using var texts = new OnnxSession(_folder.File(OnnxExporter.TextFile));
        using var noGrad = no_grad();
        long[] ids = [4, 28, 9, 29, 0, 0, 0, 0];
        OnnxAssert.Close(model.EncodeText(tensor(ids).view(1, 8), tensor(new[] { 4L })), texts.Run(("input_ids", ids, [1, 8]))["text_embeds"], 1e-6);
    }

    [Fact]
    public void Files_say_what_their_user_has_to_know()
    {
        using var model = TinyModels.Make(Paper, LossKind.Sigmoid);
        TinyModels.Fill(model.LogitScale, 0);
        TinyModels.Fill(model.LogitBias!, -9.5f);
        OnnxExporter.Export(model, _folder.Path, [OnnxPrecision.Fp32], new WordPieceTokenizer(["[UNK]", "[PAD]", "a"]), EvalTransform.Clip);
        foreach (var file in new[] { OnnxExporter.ImageFile, OnnxExporter.TextFile, OnnxExporter.JointFile })
        {
            using var session = new OnnxSession(_folder.File(file));
            var metadata = session.Session.ModelMetadata;
            Assert.Equal("Flip", metadata.ProducerName);
            Assert.Equal(
                [
                    "context_length=8", "embedding_dim=8", "image_mean=[0.485,0.456,0.406]", "image_size=16",
                    "image_std=[0.229,0.224,0.225]",
                    "image_transform=clip: short side resized to image_size, bicubic with antialias, then the central square",
                    "logit_bias=-9.5", "logit_scale=1", "padding_id=1", "precision=float32", "tokenizer=wordPiece", "vocabulary_size=30",
                ],
                metadata.CustomMetadataMap.Select(pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void Only_models_that_mask_padding_or_average_ask_for_a_mask()
    {
        foreach (var (text, asks) in new[] { (Paper.Text, false), (Paper.Text with { AttendPadding = false }, true) })
        {
            using var model = TinyModels.Make(Paper with { Text = text });
            OnnxExporter.Export(model, _folder.Path, [OnnxPrecision.Fp32]);
            using var session = new OnnxSession(_folder.File(OnnxExporter.TextFile));
            Assert.Equal(asks ? ["attention_mask", "input_ids"] : ["input_ids"], session.Session.InputNames.Order(StringComparer.Ordinal));
            using var joint = new OnnxSession(_folder.File(OnnxExporter.JointFile)); // as in Optimum's exports
            Assert.Equal(["attention_mask", "input_ids", "pixel_values"], joint.Session.InputNames.Order(StringComparer.Ordinal));
        }
    }

    private void AssertEqual(ModelConfig config)
    {
        using var model = TinyModels.Make(config);
        OnnxAssert.Within(OnnxExporter.Export(model, _folder.Path, [OnnxPrecision.Fp32], TinyModels.Tokenizer), 1e-6, 2e-5);
    }
}
