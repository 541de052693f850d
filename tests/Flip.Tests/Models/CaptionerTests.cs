using Flip.Config;
using Flip.Decoding;
using Flip.Models;
using Flip.Tests.Training;
using static TorchSharp.torch;

namespace Flip.Tests.Models;

public class CaptionerTests
{
    private const int Vocabulary = 13;
    private const int Begin = 11;
    private const int End = 12;

    private static readonly ModelConfig Model = TinyRun.Config.Model;
    private static readonly CaptionHeadConfig Head = new() { Width = 12, Heads = 3, EncoderDepth = 1, DecoderDepth = 2, Length = 9 };

    public static TheoryData<ScalarType> Types => [ScalarType.Float32, ScalarType.BFloat16];

    [Fact]
    public void It_declares_the_tower_and_its_head_and_no_text_tower()
    {
        using var captioner = New();
        Assert.All(captioner.Parameters.All, p => Assert.True(Captioner.IsOfHead(p.Name) || p.Name.StartsWith("image.", StringComparison.Ordinal)));
        Assert.Equal(captioner.Parameters.All.Select(p => p.Name).Order(), Captioner.Declare(Model, Head, Vocabulary).Select(p => p.Name).Order());
        Assert.Null(captioner.Parameters.Find("image.projection.weight"));
    }

    [Fact]
    public void A_token_sees_only_those_before_it()
    {
        using var captioner = New();
        using var scope = NewDisposeScope();
        var encoded = Encoded(captioner, 2);
        var first = captioner.Logits(encoded, Ids([Begin, 1, 2, 3], [Begin, 4, 5, 6]));
        var other = captioner.Logits(encoded, Ids([Begin, 1, 2, 9], [Begin, 4, 5, 9]));
        Assert.True(first.narrow(1, 0, 3).allclose(other.narrow(1, 0, 3)));
        Assert.False(first.narrow(1, 3, 1).allclose(other.narrow(1, 3, 1), 1e-3, 1e-3));
    }

    [Fact]
    public void An_image_has_nothing_to_do_with_the_others_of_its_batch()
    {
        using var captioner = New();
        using var scope = NewDisposeScope();
        var encoded = Encoded(captioner, 3);
        var ids = Ids([Begin, 1, 2], [Begin, 4, 5], [Begin, 7, 8]);
        var turned = tensor([2L, 0, 1]);
        Assert.True(captioner.Logits(encoded, ids).index_select(0, turned).allclose(captioner.Logits(encoded.index_select(0, turned), ids.index_select(0, turned)), 1e-4, 1e-5));
    }

    [Fact]
    public void More_tokens_than_it_has_places_for_are_refused()
    {
        using var captioner = New();
        using var scope = NewDisposeScope();
        var failure = Assert.Throws<ArgumentException>(() => captioner.Logits(Encoded(captioner, 1), Ids([Begin, 1, 1, 1, 1, 1, 1, 1, 1, 1])));
        Assert.Contains("9", failure.Message);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Tokens_one_by_one_with_what_is_kept_score_as_all_at_once(ScalarType type)
    {
        using var captioner = New(type);
        using var scope = NewDisposeScope();
        var encoded = Encoded(captioner, 2);
        int[][] rows = [[Begin, 1, 2, 3], [Begin, 9, 5, 1], [Begin, 4, 4, 6], [Begin, 8, 0, 2]]; // two of each image
        var expected = captioner.Logits(encoded.repeat_interleave(2, 0), Ids(rows)).to(ScalarType.Float32);
        using var decoding = new CaptionDecoding(captioner, encoded);
        for (var place = 0; place < 4; place++)
        {
            var next = decoding.Next(tensor(rows.Select(row => (long)row[place]).ToArray()));
            var tolerance = type == ScalarType.Float32 ? 1e-5 : 0.05;
            Assert.True(next.allclose(expected.select(1, place), tolerance, tolerance), $"{place}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Captions_with_what_is_kept_are_those_of_the_slow_twin(int beams)
    {
        using var captioner = New();
        using var scope = NewDisposeScope();
        var encoded = Encoded(captioner, 4);
        var search = new BeamSearch(new DecodingConfig { Beams = beams, MinLength = 2, MaxLength = 7 }, Begin, End, Head.Length);
        using var fast = new CaptionDecoding(captioner, encoded);
        using var slow = new FromTheBeginning(captioner, encoded.repeat_interleave(beams, 0));
        var expected = search.Run(slow, 4, CPU);
        foreach (var (mine, its) in search.Run(fast, 4, CPU).Zip(expected))
        {
            Assert.Equal(its.Select(one => one.Tokens), mine.Select(one => one.Tokens));
            Assert.Equal(its.Select(one => one.Score), mine.Select(one => one.Score), (a, b) => Math.Abs(a - b) < 1e-4);
        }
    }

    [Fact]
    public void Nothing_that_is_written_leaves_a_tensor_behind()
    {
        using var captioner = New();
        var search = new BeamSearch(new DecodingConfig { Beams = 3, MaxLength = 7 }, Begin, End, Head.Length);
        void Write()
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            using var model = new CaptionDecoding(captioner, Encoded(captioner, 2));
            search.Run(model, 2, CPU);
        }

        Write();
        var before = TorchSharp.DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Write();
        Assert.Equal(before, TorchSharp.DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    private static Captioner New(ScalarType type = ScalarType.Float32)
    {
        var captioner = new Captioner(Model, Head, Vocabulary, type, seed: 5);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        captioner.Parameters.Master.add_(randn(captioner.Parameters.Count, generator: new Generator(7)) * 0.3); // so that no two tokens score alike
        captioner.Parameters.CastToCompute();
        return captioner;
    }

    private static Tensor Encoded(Captioner captioner, int images)
    {
        using var noGrad = no_grad();
        return captioner.Encode(captioner.TowerTokens(tensor(TinyRun.Batch(images).Images).view(images, 16, 16, 3)));
    }

    private static Tensor Ids(params int[][] rows) => tensor(rows.SelectMany(row => row).Select(id => (long)id).ToArray()).view(rows.Length, -1);

    /// <summary>Keeps nothing: every token computes all before it again.</summary>
    private sealed class FromTheBeginning(Captioner captioner, Tensor encoded) : INextToken
    {
        private Tensor? _written;

        public int VocabularySize => captioner.VocabularySize;

        public Tensor Next(Tensor tokens)
        {
            using var noGrad = no_grad();
            var column = tokens.unsqueeze(1);
            _written = (_written is null ? column.clone() : cat([_written, column], 1)).DetachFromDisposeScope();
            return captioner.Logits(encoded, _written).select(1, _written.shape[1] - 1);
        }

        public void Reorder(Tensor parents) => _written = _written!.index_select(0, parents).DetachFromDisposeScope();

        public void Dispose() => _written?.Dispose();
    }
}
