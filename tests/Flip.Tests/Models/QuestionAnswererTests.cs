using Flip.Config;
using Flip.Models;
using Flip.Tests.Training;
using static TorchSharp.torch;

namespace Flip.Tests.Models;

public class QuestionAnswererTests
{
    private const int Answers = 7;

    private static readonly ModelConfig Model = TinyRun.Config.Model;
    private static readonly AnswerHeadConfig Head = new() { Width = 12, Heads = 3, Depth = 2 };

    public static TheoryData<bool, bool> TextTowers => new() { { true, false }, { false, false }, { true, true } };

    [Fact]
    public void It_declares_both_towers_and_its_head_and_no_projection()
    {
        using var answerer = New(Model);
        var names = answerer.Parameters.All.Select(parameter => parameter.Name).ToList();
        var tower = FlipModel.Declare(Model, LossKind.InfoNce).Select(parameter => parameter.Name).Where(name => name is not ("image.projection.weight" or "text.projection.weight" or "logitScale"));
        Assert.Equal(tower.Order(), names.Where(name => !QuestionAnswerer.IsOfHead(name)).Order());
        Assert.All(names.Where(QuestionAnswerer.IsOfHead), name => Assert.StartsWith("answerer.", name, StringComparison.Ordinal));
        Assert.Equal(names.Order(), QuestionAnswerer.Declare(Model, Head, Answers).Select(parameter => parameter.Name).Order());
        Assert.Equal(tower.Order(), answerer.TowerParameters.Select(parameter => parameter.Name).Order());
    }

    [Theory]
    [MemberData(nameof(TextTowers))]
    public void What_the_text_tower_makes_of_padding_is_not_looked_at(bool attendPadding, bool causal)
    {
        using var answerer = New(WithText(attendPadding, causal));
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (images, tokens, lengths) = Inputs(3);
        var (seen, read) = (answerer.ImageTokens(images), answerer.TextTokens(tokens, lengths));
        var expected = answerer.Fuse(seen, read, lengths);
        var padding = TensorMath.Range(6, CPU).unsqueeze(0).ge(lengths.unsqueeze(1)).unsqueeze(2);
        Assert.True(answerer.Fuse(seen, where(padding, full_like(read, 9), read), lengths).allclose(expected, 1e-5, 1e-6));
        Assert.False(answerer.Fuse(seen, where(padding, read, full_like(read, 9)), lengths).allclose(expected, 1e-2, 1e-2));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void Questions_without_their_padding_score_as_with_it(bool attendPadding, bool causal)
    {
        using var answerer = New(WithText(attendPadding, causal));
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (images, tokens, lengths) = Inputs(3);
        Assert.Equal(4, answerer.ComputedLength([2, 4, 3], 6));
        Assert.True(answerer.Logits(images, tokens.narrow(1, 0, 4), lengths).allclose(answerer.Logits(images, tokens, lengths), 1e-4, 1e-5));
    }

    [Fact]
    public void Where_padding_is_attended_whole_rows_are_computed()
    {
        using var answerer = New(WithText(attendPadding: true, causal: false));
        Assert.Equal(6, answerer.ComputedLength([2, 4, 3], 6));
    }

    [Fact]
    public void An_image_with_its_question_has_nothing_to_do_with_the_others_of_its_batch()
    {
        using var answerer = New(Model);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (images, tokens, lengths) = Inputs(3);
        var turned = tensor([2L, 0, 1]);
        var other = answerer.Logits(images.index_select(0, turned), tokens.index_select(0, turned), lengths.index_select(0, turned));
        Assert.True(answerer.Logits(images, tokens, lengths).index_select(0, turned).allclose(other, 1e-4, 1e-5));
    }

    [Fact]
    public void Both_the_image_and_the_question_count()
    {
        using var answerer = New(Model);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (images, tokens, lengths) = Inputs(3);
        var expected = answerer.Logits(images, tokens, lengths);
        Assert.False(answerer.Logits(images.flip(0), tokens, lengths).allclose(expected, 1e-3, 1e-3));
        Assert.False(answerer.Logits(images, tokens.flip(0), lengths).allclose(expected, 1e-3, 1e-3));
    }

    [Fact]
    public void Without_image_it_sees_the_mean_colour_whose_normalised_pixels_are_0()
    {
        using var answerer = New(Model);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (images, tokens, lengths) = Inputs(3);
        var blind = answerer.Logits(null, tokens, lengths, withImage: false);
        Assert.True(answerer.Logits(zeros(3, 16, 16, 3), tokens, lengths).allclose(blind, 1e-4, 1e-5));
        Assert.True(answerer.Logits(images, tokens, lengths, withImage: false).allclose(blind));
        Assert.Throws<ArgumentNullException>(() => answerer.Logits(null, tokens, lengths));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(50)]
    public void At_first_each_answer_is_as_likely_as_one_of_all(int answers)
    {
        using var answerer = new QuestionAnswerer(Model, Head, answers);
        using var noGrad = no_grad();
        var bias = answerer.Parameters.Find("answerer.output.bias")!.Master;
        Assert.Equal(answers == 1 ? 0.5 : 1.0 / answers, 1 / (1 + Math.Exp(-bias.data<float>().ToArray()[0])), 1e-6);
    }

    [Fact]
    public void Scores_in_bf16_are_those_in_fp32_to_its_rounding()
    {
        using var exact = New(Model);
        using var answerer = New(Model, ScalarType.BFloat16);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (images, tokens, lengths) = Inputs(3);
        var scores = answerer.Logits(images, tokens, lengths);
        Assert.Equal(ScalarType.Float32, scores.dtype);
        Assert.True(scores.allclose(exact.Logits(images, tokens, lengths), 0.05, 0.05));
    }

    [Fact]
    public void No_tensor_is_left_behind()
    {
        using var answerer = New(Model);
        void Score()
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var (images, tokens, lengths) = Inputs(2);
            answerer.Logits(images, tokens, lengths);
            answerer.Logits(null, tokens, lengths, withImage: false);
        }

        Score();
        var before = TorchSharp.DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Score();
        Assert.Equal(before, TorchSharp.DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    private static ModelConfig WithText(bool attendPadding, bool causal) => Model with { Text = Model.Text with { AttendPadding = attendPadding, Causal = causal } };

    private static QuestionAnswerer New(ModelConfig model, ScalarType type = ScalarType.Float32)
    {
        var answerer = new QuestionAnswerer(model, Head, Answers, type, seed: 5);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        answerer.Parameters.Master.add_(randn(answerer.Parameters.Count, generator: new Generator(7)) * 0.1); // so that no two answers score alike
        answerer.Parameters.CastToCompute();
        return answerer;
    }

    private static (Tensor Images, Tensor Tokens, Tensor Lengths) Inputs(int rows) => (
        tensor(TinyRun.Batch(rows).Images).view(rows, 16, 16, 3),
        tensor(new long[] { 3, 4, 0, 0, 0, 0, 5, 6, 7, 8, 0, 0, 9, 10, 11, 0, 0, 0 }).view(3, 6).narrow(0, 0, rows),
        tensor([2L, 4, 3]).narrow(0, 0, rows));
}
