using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>
/// Rows of a parameter by index. libtorch's own embedding, since the backward pass of its indexing adds rows by atomic operations whose
/// order, and so rounding, differs from run to run, and that of index_select is six times slower. TorchSharp has it as a module only.
/// </summary>
/// <param name="parameter">The table, <c>[rows, width]</c>.</param>
internal sealed class LookupTable(Parameter parameter) : IDisposable
{
    private TorchSharp.Modules.Embedding? _module;

    /// <summary>The table itself.</summary>
    public Parameter Parameter { get; } = parameter;

    /// <param name="ids">int64, of any shape.</param>
    /// <returns>Rows, <c>[..., width]</c>.</returns>
    public Tensor Rows(Tensor ids)
    {
        if (_module is null)
        {
            // The module holds our leaf, not a copy: gradients arrive in the flat buffer.
            _module = nn.Embedding_from_pretrained(Parameter.Value, freeze: false);
        }

        return _module.forward(ids);
    }

    public void Dispose() => _module?.Dispose();
}
