using Flip.Models;

namespace Flip.Training;

/// <summary>One measurement of a model that yields named numbers.</summary>
public interface IEvaluator
{
    /// <summary>Short name, the first part of its numbers' names.</summary>
    string Name { get; }

    /// <summary>Measures the model.</summary>
    IReadOnlyDictionary<string, double> Evaluate(IDualEncoder model, CancellationToken cancellation = default);
}
