using Flip.Devices;
using Flip.Models;
using static TorchSharp.torch;

namespace Flip.Tasks.Answering;

/// <summary>Questions as rows of tokens on a device, without the padding that no answer depends on.</summary>
internal static class QuestionRows
{
    /// <summary>Sends some rows.</summary>
    /// <param name="answerer">Whose text tower reads them.</param>
    /// <param name="tokens">Ids, padded, <c>[rows, rowLength]</c>.</param>
    /// <param name="lengths">Valid tokens of each row.</param>
    /// <returns>int64 ids, <c>[rows, T]</c>, and lengths, <c>[rows]</c>.</returns>
    public static (Tensor Tokens, Tensor Lengths) Send(QuestionAnswerer answerer, ReadOnlySpan<int> tokens, ReadOnlySpan<int> lengths)
    {
        var (count, rowLength, device) = (lengths.Length, tokens.Length / lengths.Length, answerer.Parameters.Device);
        var length = answerer.ComputedLength(lengths, rowLength);
        var (ids, valid) = (new long[count * length], new long[count]);
        for (var row = 0; row < count; row++)
        {
            valid[row] = lengths[row];
            for (var place = 0; place < length; place++)
            {
                ids[(row * length) + place] = tokens[(row * rowLength) + place];
            }
        }

        return (DeviceTraffic.Send<long>(ids, device, count, length), DeviceTraffic.Send<long>(valid, device, count));
    }
}
