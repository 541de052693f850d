using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>
/// Operations with a number. TorchSharp turns the number into a native scalar that the garbage collector may free while libtorch still
/// reads it: a rare crash, or a wrong result. So it is with the factor 1 hidden in <c>tensor + tensor</c> and in every sum with a number, and with
/// the start and step hidden in a range. Here the scalars live until the operation is done. In this project no operator or method of TorchSharp
/// that takes a number is called on a path that repeats.
/// </summary>
internal static class TensorMath
{
    private static readonly Scalar Zero = 0;
    private static readonly Scalar One = 1;

    /// <summary>a + b</summary>
    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, One);

    /// <summary>a + b</summary>
    public static Tensor Plus(this Tensor a, double b)
    {
        using Scalar scalar = b;
        return a.add(scalar, One);
    }

    /// <summary>a + b for whole numbers.</summary>
    public static Tensor Plus(this Tensor a, long b)
    {
        using Scalar scalar = b;
        return a.add(scalar, One);
    }

    /// <summary>a · factor</summary>
    public static Tensor Times(this Tensor a, double factor)
    {
        using Scalar scalar = factor;
        return a.mul(scalar);
    }

    /// <summary>a · factor for whole numbers.</summary>
    public static Tensor Times(this Tensor a, long factor)
    {
        using Scalar scalar = factor;
        return a.mul(scalar);
    }

    /// <summary>a². TorchSharp's own <c>square</c> is a power whose exponent nothing holds.</summary>
    public static Tensor Squared(this Tensor a)
    {
        using Scalar two = 2;
        return a.pow(two);
    }

    /// <summary>a ← a · factor</summary>
    public static Tensor Times_(this Tensor a, double factor)
    {
        using Scalar scalar = factor;
        return a.mul_(scalar);
    }

    /// <summary>a ← a + factor · b</summary>
    public static Tensor Plus_(this Tensor a, Tensor b, double factor = 1)
    {
        using Scalar scalar = factor;
        return a.add_(b, scalar);
    }

    /// <summary>a ← a + b</summary>
    public static Tensor Plus_(this Tensor a, double b)
    {
        using Scalar scalar = b;
        return a.add_(scalar, One);
    }

    /// <summary>a ← a + factor · b · c</summary>
    public static Tensor PlusProduct_(this Tensor a, Tensor b, Tensor c, double factor)
    {
        using Scalar scalar = factor;
        return a.addcmul_(b, c, scalar);
    }

    /// <summary>a ← a + factor · b / c</summary>
    public static Tensor PlusRatio_(this Tensor a, Tensor b, Tensor c, double factor)
    {
        using Scalar scalar = factor;
        return a.addcdiv_(b, c, scalar);
    }

    /// <summary>a ← value in all entries</summary>
    public static Tensor SetTo_(this Tensor a, double value)
    {
        using Scalar scalar = value;
        return a.fill_(scalar);
    }

    /// <summary>a + b · c</summary>
    public static Tensor PlusProduct(this Tensor a, Tensor b, Tensor c) => addcmul(a, b, c, One);

    /// <summary>a / divisor</summary>
    public static Tensor Over(this Tensor a, double divisor)
    {
        using Scalar scalar = divisor;
        return a.div(scalar);
    }

    /// <summary>a ← a / divisor</summary>
    public static Tensor Over_(this Tensor a, double divisor)
    {
        using Scalar scalar = divisor;
        return a.div_(scalar);
    }

    /// <summary>max(a, least)</summary>
    public static Tensor AtLeast(this Tensor a, long least)
    {
        using Scalar scalar = least;
        return a.clamp_min(scalar);
    }

    /// <summary>a within [least, most]</summary>
    public static Tensor Between(this Tensor a, double least, double most)
    {
        using Scalar min = least;
        using Scalar max = most;
        return a.clamp(min, max);
    }

    /// <summary>a ← a within [least, most]</summary>
    public static Tensor Between_(this Tensor a, double least, double most)
    {
        using Scalar min = least;
        using Scalar max = most;
        return a.clamp_(min, max);
    }

    /// <summary>True where a ≥ bound.</summary>
    public static Tensor IsAtLeast(this Tensor a, long bound)
    {
        using Scalar scalar = bound;
        return a.ge(scalar);
    }

    /// <summary>True where a = value.</summary>
    public static Tensor Is(this Tensor a, long value)
    {
        using Scalar scalar = value;
        return a.eq(scalar);
    }

    /// <summary>a, and -∞ where the mask is true.</summary>
    public static Tensor MinusInfinityWhere(this Tensor a, Tensor mask)
    {
        using Scalar scalar = double.NegativeInfinity;
        return a.masked_fill(mask, scalar);
    }

    /// <summary>a, and -∞ at some of its first places.</summary>
    public static Tensor MinusInfinityAt(this Tensor a, Tensor places)
    {
        using Scalar scalar = double.NegativeInfinity;
        return a.index_fill(0, places, scalar);
    }

    /// <summary>0, 1, ... count - 1 as int64.</summary>
    public static Tensor Range(long count, Device device)
    {
        using Scalar stop = count;
        return arange(Zero, stop, One, ScalarType.Int64, device);
    }
}
