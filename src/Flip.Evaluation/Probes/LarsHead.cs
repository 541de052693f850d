using Flip.Devices;
using Flip.Models;
using Flip.Randomness;
using static TorchSharp.torch;

namespace Flip.Evaluation.Probes;

/// <summary>The normalisation and the linear layer of <see cref="LarsProbe"/>, on a device. Its tensors are of the scope that it is made in.</summary>
internal sealed class LarsHead
{
    private const double NormEps = 1e-6; // MAE's
    private const double NormMomentum = 0.1;
    private const double FirstDeviation = 0.01;

    private readonly Tensor _runningMean;
    private readonly Tensor _runningVariance;

    public LarsHead(int classes, int dim, ulong seed, Device device)
    {
        var random = new CounterRandom(seed, RandomPurpose.Weights, item: CounterRandom.HashName("probe.head"));
        var weights = new float[classes * dim];
        foreach (ref var weight in weights.AsSpan())
        {
            weight = (float)(FirstDeviation * random.NextNormal());
        }

        Weights = DeviceTraffic.Send<float>(weights, device, classes, dim);
        Biases = zeros(classes, device: device);
        _runningMean = zeros(dim, device: device);
        _runningVariance = ones(dim, device: device);
    }

    /// <summary><c>[classes, dim]</c></summary>
    public Tensor Weights { get; }

    /// <summary><c>[classes]</c></summary>
    public Tensor Biases { get; }

    /// <summary>Mean cross-entropy of a batch, a number on the device, and the gradients of weights and biases.</summary>
    /// <param name="x">Features, <c>[batch, dim]</c>.</param>
    /// <param name="labels">int64, <c>[batch, 1]</c>.</param>
    public (Tensor Loss, Tensor[] Gradients) Gradients(Tensor x, Tensor labels)
    {
        var batch = x.shape[0];
        var normalized = Normalize(x);
        var logProbabilities = normalized.mm(Weights.t()).Plus_(Biases).log_softmax(1); // [batch, classes]
        var loss = logProbabilities.gather(1, labels).mean().neg();
        var minusOne = ones([batch, 1], device: x.device).neg();
        var logitGradient = logProbabilities.exp_().scatter_add_(1, labels, minusOne).Over_(batch);
        return (loss, [logitGradient.t().mm(normalized), logitGradient.sum(0)]);
    }

    /// <summary>The classifier of features as they are, with the normalisation that the batches' statistics have come to.</summary>
    public LinearClassifier Classifier()
    {
        var inverse = _runningVariance.to(ScalarType.Float64).Plus(NormEps).rsqrt();
        return new LinearClassifier(DeviceTraffic.ReadDoubles(Weights), DeviceTraffic.ReadDoubles(Biases))
            .Unscale(new(DeviceTraffic.ReadDoubles(_runningMean), DeviceTraffic.ReadDoubles(inverse)));
    }

    private Tensor Normalize(Tensor x)
    {
        var batch = x.shape[0];
        var mean = x.mean([0]);
        var centred = x - mean;
        var variance = centred.Squared().mean([0]);
        _runningMean.Times_(1 - NormMomentum).Plus_(mean, NormMomentum);
        _runningVariance.Times_(1 - NormMomentum).Plus_(variance, NormMomentum * batch / Math.Max(1, batch - 1));
        return centred * variance.Plus(NormEps).rsqrt();
    }
}
