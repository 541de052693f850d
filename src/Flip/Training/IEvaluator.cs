using Flip.Models;

namespace Flip.Training;

/// <summary>One measurement of a model that yields named numbers.</summary>
public interface IEvaluator
{
    /// <summary>Measures the model.</summary>
    IReadOnlyDictionary<string, double> Evaluate(IDualEncoder model, CancellationToken cancellation = default);
}
