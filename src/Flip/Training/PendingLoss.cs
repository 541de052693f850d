using Flip.Devices;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>
/// The loss of a step where it was computed. Reading it waits for the device, so a step reads all its numbers at once, when everything is in the
/// device's queue.
/// </summary>
public sealed class PendingLoss : IDisposable
{
    private readonly IReadOnlyList<Tensor> _main;
    private readonly IReadOnlyList<(Tensor Loss, double Share)>? _reconstruction;
    private readonly double _weight;
    private readonly bool _isContrastive;

    private PendingLoss(
        IReadOnlyList<Tensor> main, bool isContrastive, IReadOnlyList<(Tensor Loss, double Share)>? reconstruction, double weight)
    {
        (_main, _isContrastive, _reconstruction, _weight) = (main, isContrastive, reconstruction, weight);
        foreach (var tensor in All)
        {
            tensor.DetachFromDisposeScope();
        }
    }

    private IEnumerable<Tensor> All => _main.Concat(_reconstruction?.Select(part => part.Loss) ?? []);

    /// <summary>A contrastive loss, and what a decoder adds.</summary>
    /// <param name="contrastive">One number.</param>
    /// <param name="reconstruction">The unweighted losses of the parts of a batch and the parts' shares of it; null without a decoder.</param>
    /// <param name="weight">Weight of the reconstruction.</param>
    public static PendingLoss OfPairs(Tensor contrastive, IReadOnlyList<(Tensor Loss, double Share)>? reconstruction, double weight) =>
        new([contrastive.detach()], true, reconstruction is null ? null : [.. reconstruction.Select(part => (part.Loss.detach(), part.Share))], weight);

    /// <summary>A loss that is the sum of those of a batch's parts.</summary>
    /// <param name="parts">One number each.</param>
    public static PendingLoss Sum(IEnumerable<Tensor> parts) => new([.. parts.Select(part => part.detach())], false, null, 0);

    /// <summary>The loss; waits for the device.</summary>
    public StepLoss Read() => Read([]).Loss;

    /// <summary>The loss and other numbers, in one wait.</summary>
    /// <param name="others">Tensors of one entry each, on the same device.</param>
    public (StepLoss Loss, double[] Others) Read(IReadOnlyList<Tensor> others)
    {
        ArgumentNullException.ThrowIfNull(others);
        var numbers = DeviceTraffic.ReadNumbers([.. All, .. others]);
        var main = numbers[.._main.Count].Sum();
        var parts = _reconstruction?.Select((part, i) => part.Share * numbers[_main.Count + i]).ToList();
        var rest = numbers[^others.Count..];
        return parts is null
            ? (new StepLoss(main, _isContrastive ? main : null), rest)
            : (new StepLoss(main + (parts.Sum() * _weight), main, parts.Sum()), rest);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in All)
        {
            tensor.Dispose();
        }
    }
}
