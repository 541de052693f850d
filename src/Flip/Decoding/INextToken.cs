using static TorchSharp.torch;

namespace Flip.Decoding;

/// <summary>What continues sequences, row by row: a decoder with what it has written so far.</summary>
public interface INextToken : IDisposable
{
    /// <summary>Tokens that can be written.</summary>
    int VocabularySize { get; }

    /// <summary>Takes the next token of each row, and scores what may come behind it.</summary>
    /// <param name="tokens">int64, the token that each row goes on with; first that which begins all, <c>[rows]</c>.</param>
    /// <returns>fp32 scores before the softmax, <c>[rows, vocabulary]</c>; the caller's.</returns>
    Tensor Next(Tensor tokens);

    /// <summary>Each row goes on from another one, that row's tokens so far.</summary>
    /// <param name="parents">int64 rows, <c>[rows]</c>.</param>
    void Reorder(Tensor parents);
}
